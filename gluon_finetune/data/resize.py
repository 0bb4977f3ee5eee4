"""Resizes images as OpenCV does; knows nothing of what they show."""
import functools

from ..compat.gluon import from_numpy
from ..compat.imports import mx

_BILINEAR = 1   # OpenCV's number for it


def resize(pixels, side):
    """Return `pixels`, (height, width, 3) uint8, as a square of `side` pixels, not antialiased.

    With OpenCV's own module, or with the OpenCV inside MXNet where that does not load (its wheel
    needs libGL of the system): the same bytes, but in line behind what the engine computes.
    """
    if pixels.shape[:2] == (side, side):
        return pixels
    cv2 = _opencv()
    if cv2 is not None:
        return cv2.resize(pixels, (side, side), interpolation=_BILINEAR)
    return mx.image.imresize(from_numpy(pixels), side, side, interp=_BILINEAR).asnumpy()


@functools.lru_cache(maxsize=None)
def _opencv():
    try:
        import cv2
    except ImportError:
        return None
    return cv2
