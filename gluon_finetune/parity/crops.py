"""Checks of random crops and flips, compared as distributions.

The frameworks' random number generators have nothing in common.
"""
from __future__ import annotations

import random
from typing import Any

import numpy as np

from ..data.augment import train_augs
from ..models.pytorch.imports import torchvision
from ..types import NumPyArray
from .rows import Check, by_distribution
from .torch_training import pytorch, tensor

SAMPLES = 10_000
HEIGHT, WIDTH = 100, 150   # of the image, in pixels


def areas(sizes: NumPyArray) -> NumPyArray:
    """Return the share of the image's area that crops of `sizes` (n, 2) take: (n,)."""
    shares: NumPyArray = sizes[:, 0] * sizes[:, 1] / (HEIGHT * WIDTH)
    return shares


def aspects(sizes: NumPyArray) -> NumPyArray:
    """Return the ratio of width to height of crops of `sizes` (n, 2): (n,)."""
    ratios: NumPyArray = sizes[:, 1] / sizes[:, 0]
    return ratios


def sampled_crops() -> list[Any]:
    """Sample crops of an image with `train_augs`."""
    augs, rng = train_augs(), random.Random(1)
    return [augs.sample(HEIGHT, WIDTH, rng) for _ in range(SAMPLES)]


def mxnet_sizes() -> NumPyArray:
    """Return height and width of the crops that `train_augs` samples: (samples, 2)."""
    return np.array([(crop.height, crop.width) for crop in sampled_crops()])


def torch_sizes(**options: Any) -> NumPyArray:
    """Return height and width of the crops of torchvision's RandomResizedCrop: (samples, 2)."""
    pytorch().manual_seed(1)
    crop = torchvision().transforms.RandomResizedCrop(224, **options)
    image = tensor(np.zeros((3, HEIGHT, WIDTH), 'uint8'))
    return np.array([crop.get_params(image, crop.scale, crop.ratio)[2:] for _ in range(SAMPLES)])


def mxnet_flips() -> NumPyArray:
    """Return 1 for each image that `train_augs` flips, 0 for the others: (samples,)."""
    return np.array([float(crop.flip) for crop in sampled_crops()])


def torch_flips(**options: Any) -> NumPyArray:
    """Return 1 for each image that torchvision's RandomHorizontalFlip flips: (samples,)."""
    pytorch().manual_seed(1)
    flip = torchvision().transforms.RandomHorizontalFlip(**options)
    image = tensor([[[0., 1.]]])
    return np.array([flip(image)[0, 0, 0].item() for _ in range(SAMPLES)])


NOTE = 'Kolmogorov-Smirnov, 10,000 samples each'
CHECKS = [
    Check('RandomResizedCrop: area', lambda: areas(mxnet_sizes()), lambda: areas(torch_sizes()),
          by_distribution, note=NOTE),
    Check('RandomResizedCrop: aspect', lambda: aspects(mxnet_sizes()),
          lambda: aspects(torch_sizes()), by_distribution, note=NOTE),
    Check('RandomFlipLeftRight', mxnet_flips, torch_flips, by_distribution, note=NOTE)]
