"""Compares random crops and flips as distributions: the generators have nothing in common."""
import random

import numpy

from ..compat import array, mx
from ..data.augment import train_augs, transforms
from ..models.torch_import import torchvision
from .rows import Check, by_distribution
from .twin import pytorch, tensor

DRAWS = 10_000
HEIGHT, WIDTH = 100, 150   # of the picture


def areas(crops):
    """The share of the picture's area that each crop, an array of (height, width), takes."""
    return crops[:, 0] * crops[:, 1] / (HEIGHT * WIDTH)


def aspects(crops):
    """Width to height of each crop."""
    return crops[:, 1] / crops[:, 0]


def crops_here():
    """Height and width of the crops that `train_augs` takes: (draws, 2)."""
    random.seed(1)
    size, *options = next(block for block in train_augs()._children.values()
                          if isinstance(block, transforms.RandomResizedCrop))._args
    picture = array(numpy.zeros((HEIGHT, WIDTH, 3), 'uint8'))
    crops = [mx.image.random_size_crop(picture, (1, 1), *options)[1] for _ in range(DRAWS)]
    return numpy.array([(height, width) for _, _, width, height in crops])


def crops_there(**options):
    """Height and width of the crops that torchvision's RandomResizedCrop takes: (draws, 2)."""
    pytorch().manual_seed(1)
    crop = torchvision().transforms.RandomResizedCrop(224, **options)
    picture = tensor(numpy.zeros((3, HEIGHT, WIDTH), 'uint8'))
    return numpy.array([crop.get_params(picture, crop.scale, crop.ratio)[2:]
                        for _ in range(DRAWS)])


def flips_here():
    """1 for each picture that RandomFlipLeftRight turned, 0 for the others: (draws,)."""
    mx.random.seed(1)
    flip, picture = transforms.RandomFlipLeftRight(), array([[[0], [1]]], dtype='float32')
    first = [flip(picture)[0, 0] for _ in range(DRAWS)]
    return numpy.array([pixel.asnumpy().item() for pixel in first])


def flips_there(**options):
    """The same of torchvision's RandomHorizontalFlip."""
    pytorch().manual_seed(1)
    flip = torchvision().transforms.RandomHorizontalFlip(**options)
    picture = tensor([[[0., 1.]]])
    return numpy.array([flip(picture)[0, 0, 0].item() for _ in range(DRAWS)])


NOTE = 'Kolmogorov-Smirnov, 10,000 draws each'
CHECKS = [
    Check('RandomResizedCrop: area', lambda: areas(crops_here()), lambda: areas(crops_there()),
          by_distribution, note=NOTE),
    Check('RandomResizedCrop: aspect', lambda: aspects(crops_here()),
          lambda: aspects(crops_there()), by_distribution, note=NOTE),
    Check('RandomFlipLeftRight', flips_here, flips_there, by_distribution, note=NOTE)]
