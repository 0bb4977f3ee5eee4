"""Compares what happens to an image before a network sees it; knows no networks.

Strict on arrays; what other decoders and other ways of resizing change is measured and shown.
"""
import io

import numpy as np
from PIL import Image

from ..compat.imports import array, mx
from ..config import IMAGENET_MEAN, IMAGENET_STD, RESIZE_RATIO
from ..data.augment import test_augs
from ..models.pytorch.imports import torchvision
from ..synthetic import objects
from ..synthetic.dataset import draw_image
from .rows import Check, as_known, by_rounding, fixed_row
from .torch_tools import tensor

transforms = mx.gluon.data.vision.transforms   # to the bit what data/augment.py does

# In grey levels: OpenCV resizes bytes with weights of 11 binary digits, cuts two terms off at
# quarters of a level, and rounds their sum.
RESIZE_TOLERANCE = 255 * 2.0 ** -11 + 2 * 0.25 + 0.5


def noise():
    """An image in which no pixel resembles the next: (300, 400, 3) uint8."""
    return np.random.RandomState(1).randint(0, 256, (300, 400, 3)).astype('uint8')


def drawing():
    """An image that resembles a photograph: RGB image, about 400 pixels a side."""
    return draw_image(objects.hotdog, 400, 1)


def functional():
    """What torchvision does to one image."""
    return torchvision().transforms.functional


# ToTensor, Normalize

def to_tensor_here(dtype):
    """MXNet's ToTensor, which knows float32 alone."""
    X = transforms.ToTensor()(array(noise())).asnumpy()
    return [('', {'X': X} if dtype == 'float32' else None)]


def to_tensor_there(dtype):
    """Torchvision's ToTensor; the float64 it does not know is written out."""
    X = functional().to_tensor(noise()).numpy()
    return [('', {'X': X if dtype == 'float32' else noise().transpose(2, 0, 1) / 255})]


def normalize_here(dtype):
    """MXNet's Normalize of an image between 0 and 1."""
    X = array(noise().transpose(2, 0, 1) / 255, dtype='float32')
    X = transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)(X).asnumpy()
    return [('', {'X': X} if dtype == 'float32' else None)]


def normalize_there(dtype, std=IMAGENET_STD):
    """Torchvision's."""
    X = tensor((noise().transpose(2, 0, 1) / 255).astype('float32'), dtype)
    return [('', {'X': functional().normalize(X, IMAGENET_MEAN, std).numpy()})]


# Resize, CenterCrop

def grey_levels_here(pixels, image_size=224):
    """`test_augs` of (height, width, 3) uint8, back in grey levels 0..255."""
    X = test_augs(image_size)(array(pixels)).asnumpy()
    mean, std = (np.reshape(values, (3, 1, 1)) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return (X * std + mean) * 255


def grey_levels_there(pixels, image_size=224, size=None, antialias=False):
    """The same by torchvision in float64, so without rounding; `size` as its Resize takes it."""
    side = round(image_size * RESIZE_RATIO)
    X = tensor(np.asarray(pixels).transpose(2, 0, 1), 'float64')
    X = functional().resize(X, size or [side, side], antialias=antialias)
    return functional().center_crop(X, [image_size, image_size]).numpy()


def by_grey_levels(check):
    """The `Row` of the largest difference of a pixel."""
    return fixed_row(check, RESIZE_TOLERANCE, abs(check.here() - check.there()).max())


def mean_difference(image_size, **options):
    """How many grey levels a pixel differs on average from torchvision's with `options`."""
    pixels = np.asarray(drawing())
    return abs(grey_levels_here(pixels, image_size)
               - grey_levels_there(pixels, image_size, **options)).mean()


def shifted_crops():
    """How many image sizes from 32 to 256 have their centre crop a pixel elsewhere."""
    return sum(first_row_here(size) != first_row_there(size) for size in range(32, 257))


def first_row_here(image_size):
    """The number of the row at which MXNet's centre crop of a resized image begins."""
    rows = rows_of_numbers(round(image_size * RESIZE_RATIO))
    return int(transforms.CenterCrop(image_size)(array(rows)).asnumpy()[0, 0, 0])


def first_row_there(image_size):
    """The same of torchvision's."""
    rows = tensor(rows_of_numbers(round(image_size * RESIZE_RATIO)).transpose(2, 0, 1))
    return int(functional().center_crop(rows, [image_size, image_size])[0, 0, 0])


def rows_of_numbers(side):
    """An image each of whose rows holds its number (up to 255): (side, side, 3) uint8."""
    numbers = np.arange(side).clip(0, 255).astype('uint8')
    return np.broadcast_to(numbers[:, None, None], (side, side, 3)).copy()


def decoders():
    """Largest difference of a pixel between what OpenCV and Pillow read from one JPEG."""
    file = io.BytesIO()
    drawing().save(file, 'JPEG', quality=90)
    pillow = np.asarray(Image.open(file).convert('RGB')).astype(int)
    return abs(mx.image.imdecode(file.getvalue()).asnumpy() - pillow).max()


CHECKS = [
    Check('ToTensor', to_tensor_here, to_tensor_there, by_rounding),
    Check('Normalize', normalize_here, normalize_there, by_rounding),
    Check('Resize, CenterCrop', lambda: grey_levels_here(noise()),
          lambda: grey_levels_there(noise()), by_grey_levels,
          note='grey levels, Resize([256, 256], antialias=False)'),
    Check('- with antialias, to 224', lambda: mean_difference(224, antialias=True), None, as_known,
          note="grey levels on average, of a drawing: Pillow's way, torchvision's default"),
    Check('- with antialias, to 64', lambda: mean_difference(64, antialias=True), None, as_known,
          note='the more an image shrinks, the more'),
    Check('- with Resize(256)', lambda: mean_difference(224, size=256), None, as_known,
          note='the PyTorch tab scales the short side, Gluon both'),
    Check('- centre by a pixel', shifted_crops, None, as_known,
          note='of 225 image sizes; 64, 224 and 256 are none of them'),
    Check('JPEG decoders', decoders, None, as_known, note='largest grey level, OpenCV and Pillow')]
