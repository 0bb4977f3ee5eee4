"""Images at the size at which they are drawn."""
from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from ..data.image import EncodedImage
from ..errors import UsageError
from ..types import NumPyArray, StrPath

_OVERSAMPLING = 4   # pixels of a side, for one of the thumbnail, from which it is averaged


def read_thumbnail(path: StrPath, side: int) -> NumPyArray:
    """Decode an image file at a reduced size.

    Args:
        path: An image file.
        side: Width and height in pixels that the result does not exceed.

    Returns:
        An array (height, width, 3), uint8, RGB.

    Raises:
        UsageError: If the file cannot be decoded.
    """
    try:
        image = EncodedImage(path)
        fitting = [number for number in image.reductions
                   if number * side <= max(image.shape) and number <= min(image.shape)]
        return shrink(image.decode(max(fitting, default=1)), side)
    except UsageError as reason:
        raise UsageError(f'cannot use the image {path}: {reason}') from None


def shrink(pixels: NumPyArray, side: int) -> NumPyArray:
    """Return an image, (height, width, 3) uint8, with no more than `side` pixels a side."""
    longest = max(pixels.shape[:2])
    if longest <= side:
        return pixels
    step = max(longest // (_OVERSAMPLING * side), 1)
    image = Image.fromarray(np.ascontiguousarray(pixels[::step, ::step]))
    image.thumbnail((side, side))
    return np.asarray(image)


def jpeg_url(pixels: NumPyArray) -> str:
    """Return an image as a data URL of a JPEG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, 'JPEG', quality=85)
    return f'data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}'
