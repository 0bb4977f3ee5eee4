"""Names of version 0.1.0 for what `data.image` has, for code that imports them."""
from .image import EncodedImage as Picture
from .image import read_image as read_image
from .image import read_pixels as read_pixels

__all__ = ['Picture', 'read_image', 'read_pixels']
