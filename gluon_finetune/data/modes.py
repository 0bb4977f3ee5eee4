"""Pixels of any mode, depth and orientation as upright 8-bit RGB, as an image viewer shows them.

A file of its own, which needs only NumPy and Pillow: exported programs contain it.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

DEFAULT_BACKGROUND = 'white'

_BITS_TAG, _PHOTOMETRIC_TAG, _WHITE_IS_ZERO = 258, 262, 0   # of TIFF

# EXIF orientation -> (transposed, step along the rows, step along the columns)
_ORIENTATION_TAG = 0x0112
_TURNS = {2: (False, 1, -1), 3: (False, -1, -1), 4: (False, -1, 1),
          5: (True, 1, 1), 6: (True, 1, -1), 7: (True, -1, -1), 8: (True, -1, 1)}


def upright_rgb(image: Any, background: str = DEFAULT_BACKGROUND) -> np.ndarray[Any, Any]:
    """Return the pixels of a Pillow image as it opened a file, (height, width, 3) uint8.

    The EXIF orientation is applied, and transparent pixels show `background`, a colour that Pillow
    knows. Of 16 bits the high byte is taken; floats from 0 to 1 and integers of up to 255 keep
    their meaning, and values beyond 16 bits are stretched from the smallest to the largest.
    """
    image.load()
    pixels = _to_rgb(image, background)
    transposed, rows, columns = _turn(image)
    if transposed:
        pixels = pixels.swapaxes(0, 1)
    return np.ascontiguousarray(pixels[::rows, ::columns])


def is_transposed(image: Any) -> bool:
    """Return whether height and width of a Pillow image are those of the upright one swapped."""
    return _turn(image)[0]


def _turn(image: Any) -> tuple[bool, int, int]:
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION_TAG), (False, 1, 1))
    except Exception:   # corrupt EXIF does not affect the pixels
        return False, 1, 1


def _to_rgb(image: Any, background: str) -> np.ndarray[Any, Any]:
    if image.mode.startswith(('I', 'F')):
        image = _deep_grey(image)
    if image.mode in ('La', 'RGBa'):   # premultiplied
        image = image.convert({'La': 'LA', 'RGBa': 'RGBA'}[image.mode])
    if image.mode in ('LA', 'PA', 'RGBA') or 'transparency' in image.info:
        image = _composited(image, background)
    return np.asarray(image if image.mode == 'RGB' else image.convert('RGB'))


def _composited(image: Any, background: str) -> Any:
    """Return the image on an opaque background."""
    key = image.info.get('transparency')
    if isinstance(key, tuple) and max(key) > 255:   # of a PNG with 16 bits a channel
        image.info['transparency'] = tuple(value >> 8 for value in key)
    layer = image.convert('RGBA')
    if layer.getextrema()[3] == (255, 255):
        return layer
    return Image.alpha_composite(Image.new('RGBA', layer.size, background), layer)


def _deep_grey(image: Any) -> Any:
    """Return an 8-bit image of one with integers or floats of more bits, 'L' or 'LA'."""
    values, tags = np.asarray(image), getattr(image, 'tag_v2', {})
    key = image.info.get('transparency')
    grey = _eight_bits(values, tags.get(_BITS_TAG, (16,))[0])
    if tags.get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO:
        grey = 255 - grey
    pixels = Image.fromarray(grey)
    if isinstance(key, int):   # the value that is transparent
        pixels.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
    return pixels


def _eight_bits(values: np.ndarray[Any, Any], bits: int) -> np.ndarray[Any, Any]:
    """Return bytes of numbers of any range; `bits` is the depth that a TIFF declares."""
    finite = np.where(np.isfinite(values), values, 0)
    low, high = float(finite.min()), float(finite.max())
    positive, scaled = low >= 0, finite
    if values.dtype.kind == 'f' and positive and high <= 1:
        scaled = finite * 255
    elif values.dtype.kind != 'f' and positive and high <= 0xffff and bits <= 16:
        # As OpenCV does, and Pillow for colours. Pillow unpacks 12 bits without scaling them.
        scaled = finite >> max(bits - 8, 0)
    elif positive and 255 < high <= 0xffff:
        scaled = finite // 256
    elif not positive or high > 255:
        scaled = (finite - low) * (255 / max(high - low, 1))
    return np.asarray(np.rint(scaled).astype(np.uint8))
