"""Compares random crops and flips as distributions: the generators have nothing in common."""
import random

import numpy as np

from ..data.augment import train_augs
from ..models.pytorch.imports import torchvision
from .rows import Check, by_distribution
from .torch_tools import pytorch, tensor

DRAWS = 10_000
HEIGHT, WIDTH = 100, 150   # of the image


def areas(crops):
    """The share of the image's area that each crop, an array of (height, width), takes."""
    return crops[:, 0] * crops[:, 1] / (HEIGHT * WIDTH)


def aspects(crops):
    """Width to height of each crop."""
    return crops[:, 1] / crops[:, 0]


def views():
    """What `train_augs` draws for an image, so many times."""
    augs, rng = train_augs(), random.Random(1)
    return [augs.sample(HEIGHT, WIDTH, rng) for _ in range(DRAWS)]


def crops_here():
    """Height and width of the crops that `train_augs` takes: (draws, 2)."""
    return np.array([(view.height, view.width) for view in views()])


def crops_there(**options):
    """Height and width of the crops that torchvision's RandomResizedCrop takes: (draws, 2)."""
    pytorch().manual_seed(1)
    crop = torchvision().transforms.RandomResizedCrop(224, **options)
    image = tensor(np.zeros((3, HEIGHT, WIDTH), 'uint8'))
    return np.array([crop.get_params(image, crop.scale, crop.ratio)[2:]
                        for _ in range(DRAWS)])


def flips_here():
    """1 for each image that `train_augs` mirrors, 0 for the others: (draws,)."""
    return np.array([float(view.flip) for view in views()])


def flips_there(**options):
    """The same of torchvision's RandomHorizontalFlip."""
    pytorch().manual_seed(1)
    flip = torchvision().transforms.RandomHorizontalFlip(**options)
    image = tensor([[[0., 1.]]])
    return np.array([flip(image)[0, 0, 0].item() for _ in range(DRAWS)])


NOTE = 'Kolmogorov-Smirnov, 10,000 draws each'
CHECKS = [
    Check('RandomResizedCrop: area', lambda: areas(crops_here()), lambda: areas(crops_there()),
          by_distribution, note=NOTE),
    Check('RandomResizedCrop: aspect', lambda: aspects(crops_here()),
          lambda: aspects(crops_there()), by_distribution, note=NOTE),
    Check('RandomFlipLeftRight', flips_here, flips_there, by_distribution, note=NOTE)]
