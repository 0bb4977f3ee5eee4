"""Image augmentation: uint8 RGB images to normalised float32 tensors.

The pixels equal those of Gluon's transforms bit for bit, in a third of the time: a lookup table of
256 values per channel normalises them.
"""
from __future__ import annotations

import functools
import math
import random
from typing import Any, Callable, NamedTuple, Protocol

import numpy as np

from ..compat.imports import array
from ..config import IMAGENET_MEAN, IMAGENET_STD, RESIZE_RATIO
from ..errors import UsageError
from ..types import Array, NumPyArray
from .resize import resize

# As in Gluon: width to height of random crops, and attempts to find one inside the image.
_ASPECT_RATIOS = (3 / 4, 4 / 3)
_CROP_ATTEMPTS = 10


class Rng(Protocol):
    """A source of random numbers: a `random.Random`, or the module `random`."""

    def random(self) -> float:
        """Return a number in [0, 1)."""

    def uniform(self, a: float, b: float) -> float:
        """Return a number between `a` and `b`."""

    def randint(self, a: int, b: int) -> int:
        """Return an integer from `a` to `b`, both included."""


class Crop(NamedTuple):
    """A part of an image, and what becomes of it.

    The part starts at (top, left), is resized to a square of `side` pixels and mirrored if `flip`;
    the output is the centre of that square. All numbers but `flip` are pixels.
    """

    top: int
    left: int
    height: int
    width: int
    side: int
    flip: bool


class Augmentation:
    """A transform of images: HWC uint8 RGB -> normalised CHW float32.

    Calling it, as `transform_first` does, takes and returns an MXNet array; the random numbers come
    from Python's `random`.
    """

    def __init__(self, name: str, image_size: int,
                 sample: Callable[[int, int, Any], Crop]) -> None:
        self.name, self.image_size, self._sample = name, image_size, sample

    def __repr__(self) -> str:
        return self.name

    def __call__(self, X: Array) -> Array:
        """Return a sampled crop of the image `X` as an array, (3, image_size, image_size)."""
        out = np.empty((3, self.image_size, self.image_size), 'float32')
        self.apply(X, random, out)
        return array(out)

    def apply(self, image: Array | NumPyArray, rng: Rng | None, out: NumPyArray) -> None:
        """Write a crop of `image`, an MXNet or NumPy array, sampled with `rng`, into `out`."""
        pixels = image.asnumpy() if hasattr(image, 'asnumpy') else np.asarray(image)
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
            raise UsageError(f'expected an image of shape (height, width, 3) and type uint8, not '
                             f'{pixels.shape} and {pixels.dtype}')
        height, width = pixels.shape[:2]
        _render(pixels, self.sample(height, width, rng), out)

    def sample(self, height: int, width: int, rng: Rng | None) -> Crop:
        """Sample a crop of an image of this size; `rng` may be None where nothing is random."""
        return self._sample(height, width, rng)


def train_augs(image_size: int = 224, *, min_area: float = 0.08) -> Augmentation:
    """Return the training augmentation: random crop, random flip, normalisation.

    Source: the chapter, section "Reading the Dataset".

    Args:
        image_size: Side of the output in pixels.
        min_area: Smallest crop as a fraction of the image's area; the largest is 1.

    Returns:
        An `Augmentation`: HWC uint8 -> CHW float32 of shape (3, image_size, image_size).
    """
    def sample(height: int, width: int, rng: Rng) -> Crop:
        part = sample_crop(height, width, (min_area, 1), image_size, rng)
        return Crop(*part, image_size, rng.random() < 0.5)
    return Augmentation(f'train_augs({image_size}, min_area={min_area})', image_size, sample)


def test_augs(image_size: int = 224) -> Augmentation:
    """Return the test augmentation: resize, centre crop, normalisation.

    Both sides are scaled to 256/224 of `image_size`, as Gluon's `Resize` does. Source: the
    chapter, section "Reading the Dataset".

    Args:
        image_size: Side of the output in pixels.

    Returns:
        An `Augmentation`: HWC uint8 -> CHW float32 of shape (3, image_size, image_size).
    """
    side = round(image_size * RESIZE_RATIO)

    def sample(height: int, width: int, rng: object) -> Crop:
        return Crop(0, 0, height, width, side, flip=False)
    return Augmentation(f'test_augs({image_size})', image_size, sample)


def sample_crop(height: int, width: int, areas: tuple[float, float], image_size: int,
                rng: Rng) -> tuple[int, int, int, int]:
    """Sample (top, left, height, width) of a crop, as `mx.image.random_size_crop` does."""
    for _ in range(_CROP_ATTEMPTS):
        area = rng.uniform(*areas) * height * width
        ratio = math.exp(rng.uniform(*map(math.log, _ASPECT_RATIOS)))
        crop_width, crop_height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if crop_width <= width and crop_height <= height:
            left, top = rng.randint(0, width - crop_width), rng.randint(0, height - crop_height)
            return top, left, crop_height, crop_width
    side = min(height, width, image_size)   # rare: the image is a narrow strip
    return (height - side) // 2, (width - side) // 2, side, side


def _render(pixels: NumPyArray, crop: Crop, out: NumPyArray) -> None:
    """Write a crop of an image, (height, width, 3) uint8, into `out`, (3, size, size) float32."""
    top, left, height, width, side, flip = crop
    square = resize(pixels[top:top + height, left:left + width], side)
    image_size = out.shape[1]
    start = (side - image_size) // 2
    square = square[start:start + image_size, start:start + image_size]
    square = square[:, ::-1 if flip else 1]
    for channel, (table, plane) in enumerate(zip(_normalisation_tables(), out)):
        # No byte is out of range; 'clip' skips the check.
        np.take(table, square[:, :, channel], out=plane, mode='clip')


@functools.lru_cache(maxsize=None)
def _normalisation_tables() -> tuple[NumPyArray, ...]:
    """Return for each channel the normalised float32 of each of the 256 byte values."""
    grey = np.arange(256, dtype='float32')[:, None] / np.float32(255)
    tables = (grey - np.array(IMAGENET_MEAN, 'float32')) / np.array(IMAGENET_STD, 'float32')
    return tuple(np.ascontiguousarray(table) for table in tables.T)
