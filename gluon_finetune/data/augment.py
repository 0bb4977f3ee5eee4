"""The chapter's augmentation of images into input tensors; knows neither files nor labels.

The same pixels to the bit as Gluon's transforms make of the same crop, in a third of their time:
a table of 256 numbers a channel normalises.
"""
import collections
import functools
import math
import random

import numpy as np

from ..compat.imports import array
from ..config import IMAGENET_MEAN, IMAGENET_STD, RESIZE_RATIO
from ..errors import UsageError
from .resize import resize

# Aspect ratios of random crops, and how often one that does not fit is drawn again, as in Gluon.
_RATIOS = (3 / 4, 4 / 3)
_TRIES = 10

# An image may be decoded smaller as long as what is resized keeps this many times the pixels of
# the result a side; what that changes is in docs/performance.md.
_SPARE = 2

# What becomes of an image: its part from (top, left), resized to a square of `side` pixels, of
# which the middle is taken, mirrored if `flip`.
View = collections.namedtuple('View', 'top left height width side flip')


class Augmentation:
    """HWC uint8 RGB -> normalised CHW float32 of `image_size` pixels a side.

    Called with an MXNet array, as in `transform_first`, it returns one, and draws from Python's
    `random`. The loader has the two steps apart: `draw` the view of an image, `render` it.
    """

    def __init__(self, name, image_size, draw):
        self.name, self.image_size, self._draw = name, image_size, draw

    def __repr__(self):
        return self.name

    def __call__(self, X):
        out = np.empty((3, self.image_size, self.image_size), 'float32')
        self.apply(X, random, out)
        return array(out)

    def apply(self, image, rng, out):
        """Write the view of an array, of MXNet or NumPy, that `rng` decides into `out`."""
        pixels = image.asnumpy() if hasattr(image, 'asnumpy') else np.asarray(image)
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
            raise UsageError(f'expected an image of shape (height, width, 3) and type uint8, not '
                             f'{pixels.shape} and {pixels.dtype}')
        self.render(pixels, self.draw(*pixels.shape[:2], rng), out)

    def draw(self, height, width, rng):
        """Return the `View` of an image of this size that the generator `rng` decides."""
        return self._draw(height, width, rng)

    def render(self, pixels, view, out, reduction=1):
        """Write the view of an image into `out`, (3, image_size, image_size) float32.

        `pixels`: (height, width, 3) uint8, smaller by `reduction` than what the view was drawn for.
        """
        top, left, height, width = (round(number / reduction) for number in view[:4])
        part = resize(pixels[top:top + height, left:left + width], view.side)
        start = (view.side - self.image_size) // 2
        part = part[start:start + self.image_size, start:start + self.image_size]
        part = part[:, ::-1 if view.flip else 1]
        for channel, (table, plane) in enumerate(zip(_tables(), out)):
            np.take(table, part[:, :, channel], out=plane, mode='clip')   # no byte is out of range


def train_augs(image_size=224, *, min_area=0.08):
    """Random crop of `min_area` to 1 of the area, random flip: HWC uint8 -> normalised CHW float32.

    The side of the result is `image_size` pixels (chapter, section "Reading the Dataset").
    """
    def draw(height, width, rng):
        crop = random_crop(height, width, (min_area, 1), image_size, rng)
        return View(*crop, image_size, rng.random() < 0.5)
    return Augmentation(f'train_augs({image_size}, min_area={min_area})', image_size, draw)


def test_augs(image_size=224):
    """Square of 256/224 times `image_size`, centre crop: HWC uint8 -> normalised CHW float32.

    Nothing is random; both sides are scaled, as Gluon's `Resize` and the chapter do.
    """
    side = round(image_size * RESIZE_RATIO)

    def draw(height, width, rng):
        return View(0, 0, height, width, side, flip=False)
    return Augmentation(f'test_augs({image_size})', image_size, draw)


def random_crop(height, width, areas, image_size, rng):
    """Return (top, left, height, width) of a crop, as `mx.image.random_size_crop` draws it."""
    for _ in range(_TRIES):
        area = rng.uniform(*areas) * height * width
        ratio = math.exp(rng.uniform(*map(math.log, _RATIOS)))
        crop_width, crop_height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if crop_width <= width and crop_height <= height:
            left, top = rng.randint(0, width - crop_width), rng.randint(0, height - crop_height)
            return top, left, crop_height, crop_width
    side = min(height, width, image_size)   # hardly ever: the image is a narrow strip
    return (height - side) // 2, (width - side) // 2, side, side


def reduction_for(view, reductions):
    """Return the largest of `reductions` (1 is one) that leaves enough of an image for a view."""
    enough = min(view.height, view.width) / (_SPARE * view.side)
    return max(number for number in reductions if number <= max(enough, 1))


@functools.lru_cache(maxsize=None)
def _tables():
    """For each channel the normalised float32 of each of the 256 values."""
    grey = np.arange(256, dtype='float32')[:, None] / np.float32(255)
    tables = (grey - np.float32(IMAGENET_MEAN)) / np.float32(IMAGENET_STD)
    return tuple(np.ascontiguousarray(table) for table in tables.T)
