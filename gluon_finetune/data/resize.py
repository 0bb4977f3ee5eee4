"""Bilinear resizing of images, as OpenCV does it."""
from __future__ import annotations

import functools
from typing import Any

from ..compat.gluon import from_numpy
from ..compat.imports import mx
from ..types import NumPyArray

_BILINEAR = 1   # cv2.INTER_LINEAR


def resize(pixels: NumPyArray, side: int) -> NumPyArray:
    """Resize `pixels`, (height, width, 3) uint8, to a square of `side` pixels, not antialiased.

    Uses the module `cv2`, or MXNet's built-in OpenCV where that cannot be imported (its wheel
    needs the system's libGL). Both give the same bytes; MXNet's waits for its engine's queue.
    """
    if pixels.shape[:2] == (side, side):
        return pixels
    cv2 = _opencv()
    resized: NumPyArray
    if cv2 is not None:
        resized = cv2.resize(pixels, (side, side), interpolation=_BILINEAR)
    else:
        resized = mx.image.imresize(from_numpy(pixels), side, side, interp=_BILINEAR).asnumpy()
    return resized


@functools.lru_cache(maxsize=None)
def _opencv() -> Any:
    try:
        import cv2
    except ImportError:
        return None
    return cv2
