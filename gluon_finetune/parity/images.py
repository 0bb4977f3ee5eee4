"""Checks of image preprocessing: ToTensor, Normalize, Resize, CenterCrop and JPEG decoding.

What other decoders and other ways of resizing change is measured as known differences.
"""
from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from ..compat.imports import array, mx
from ..config import IMAGENET_MEAN, IMAGENET_STD, RESIZE_RATIO
from ..data.augment import test_augs
from ..models.pytorch.imports import torchvision
from ..synthetic import objects
from ..synthetic.dataset import draw_image
from ..types import NumPyArray
from .rows import Check, KnownDifference, Results, Row, by_rounding, fixed_row
from .torch_training import tensor

transforms = mx.gluon.data.vision.transforms   # data/augment.py gives the same bits

# In grey levels: OpenCV resizes bytes with 11-bit weights, truncates two terms to quarters of a
# level, and rounds their sum.
RESIZE_TOLERANCE = 255 * 2.0 ** -11 + 2 * 0.25 + 0.5


def noise() -> NumPyArray:
    """Return an image of independent random pixels: (300, 400, 3) uint8."""
    return np.random.RandomState(1).randint(0, 256, (300, 400, 3)).astype('uint8')


def synthetic_image() -> Any:
    """Return a synthetic image that resembles a photograph: RGB, about 400 pixels a side."""
    return draw_image(objects.hotdog, 400, 1)


def functional() -> Any:
    """Return torchvision's functions that transform one image."""
    return torchvision().transforms.functional


# ToTensor, Normalize

def mxnet_to_tensor(dtype: str) -> Results:
    """Return the output of MXNet's ToTensor, which supports only float32."""
    X = transforms.ToTensor()(array(noise())).asnumpy()
    return [('', {'X': X} if dtype == 'float32' else None)]


def torch_to_tensor(dtype: str) -> Results:
    """Return the output of torchvision's ToTensor, and for float64 that of its formula."""
    X = functional().to_tensor(noise()).numpy()
    return [('', {'X': X if dtype == 'float32' else noise().transpose(2, 0, 1) / 255})]


def mxnet_normalize(dtype: str) -> Results:
    """Return the output of MXNet's Normalize for an image of values from 0 to 1."""
    X = array(noise().transpose(2, 0, 1) / 255, dtype='float32')
    X = transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)(X).asnumpy()
    return [('', {'X': X} if dtype == 'float32' else None)]


def torch_normalize(dtype: str, std: tuple[float, ...] = IMAGENET_STD) -> Results:
    """Return the output of torchvision's Normalize for the same image."""
    X = tensor((noise().transpose(2, 0, 1) / 255).astype('float32'), dtype)
    return [('', {'X': functional().normalize(X, IMAGENET_MEAN, std).numpy()})]


# Resize, CenterCrop

def mxnet_grey_levels(pixels: NumPyArray, image_size: int = 224) -> NumPyArray:
    """Apply `test_augs` to pixels (height, width, 3) uint8; return grey levels from 0 to 255."""
    X: NumPyArray = test_augs(image_size)(array(pixels)).asnumpy()
    mean, std = (np.reshape(values, (3, 1, 1)) for values in (IMAGENET_MEAN, IMAGENET_STD))
    levels: NumPyArray = (X * std + mean) * 255
    return levels


def torch_grey_levels(pixels: NumPyArray, image_size: int = 224,
                      size: int | list[int] | None = None, antialias: bool = False) -> NumPyArray:
    """Do the same with torchvision, in float64 and so without rounding.

    `size` is the argument of torchvision's Resize.
    """
    side = round(image_size * RESIZE_RATIO)
    X = tensor(np.asarray(pixels).transpose(2, 0, 1), 'float64')
    X = functional().resize(X, size or [side, side], antialias=antialias)
    levels: NumPyArray = functional().center_crop(X, [image_size, image_size]).numpy()
    return levels


def by_grey_levels(check: Check) -> Row:
    """Judge the largest difference of a pixel."""
    return fixed_row(check, RESIZE_TOLERANCE, abs(check.mxnet() - check.torch()).max())


def mean_difference(image_size: int, **options: Any) -> float:
    """Return the mean difference of a pixel from torchvision's with `options`, in grey levels."""
    pixels = np.asarray(synthetic_image())
    difference = (mxnet_grey_levels(pixels, image_size)
                  - torch_grey_levels(pixels, image_size, **options))
    return float(abs(difference).mean())


def shifted_crops() -> int:
    """Return how many image sizes from 32 to 256 have centre crops that differ by a pixel."""
    return sum(mxnet_first_row(size) != torch_first_row(size) for size in range(32, 257))


def mxnet_first_row(image_size: int) -> int:
    """Return the row at which MXNet's centre crop of a resized image begins."""
    rows = rows_of_numbers(round(image_size * RESIZE_RATIO))
    return int(transforms.CenterCrop(image_size)(array(rows)).asnumpy()[0, 0, 0])


def torch_first_row(image_size: int) -> int:
    """Return the row at which torchvision's centre crop of a resized image begins."""
    rows = tensor(rows_of_numbers(round(image_size * RESIZE_RATIO)).transpose(2, 0, 1))
    return int(functional().center_crop(rows, [image_size, image_size])[0, 0, 0])


def rows_of_numbers(side: int) -> NumPyArray:
    """Return an image whose pixels are their row's number, up to 255: (side, side, 3) uint8."""
    numbers = np.arange(side).clip(0, 255).astype('uint8')
    return np.broadcast_to(numbers[:, None, None], (side, side, 3)).copy()


def decoder_difference() -> int:
    """Return the largest difference of a pixel between OpenCV's and Pillow's decoding of a JPEG."""
    file = io.BytesIO()
    synthetic_image().save(file, 'JPEG', quality=90)
    pillow = np.asarray(Image.open(file).convert('RGB')).astype(int)
    return int(abs(mx.image.imdecode(file.getvalue()).asnumpy() - pillow).max())


CHECKS: list[Check | KnownDifference] = [
    Check('ToTensor', mxnet_to_tensor, torch_to_tensor, by_rounding),
    Check('Normalize', mxnet_normalize, torch_normalize, by_rounding),
    Check('Resize, CenterCrop', lambda: mxnet_grey_levels(noise()),
          lambda: torch_grey_levels(noise()), by_grey_levels,
          note='grey levels, Resize([256, 256], antialias=False)'),
    KnownDifference('- with antialias, to 224', lambda: mean_difference(224, antialias=True),
                    note='mean grey levels, synthetic image; the default of torchvision'),
    KnownDifference('- with antialias, to 64', lambda: mean_difference(64, antialias=True),
                    note='larger where the image shrinks more'),
    KnownDifference('- with Resize(256)', lambda: mean_difference(224, size=256),
                    note='the PyTorch tab scales the short side, Gluon both'),
    KnownDifference('- centre crop by a pixel', shifted_crops,
                    note='at so many of 225 image sizes; not at 64, 224 and 256'),
    KnownDifference('JPEG decoders', decoder_difference,
                    note='largest difference in grey levels, OpenCV and Pillow')]
