"""Inputs of both frameworks: random weights, images and labels, and hyperparameters.

All random numbers come from `np.random.RandomState`, whose sequences never change, so results of
one framework can be stored and compared with the other later.
"""
from __future__ import annotations

import dataclasses
import gc
from typing import Any, Iterator

import numpy as np

from ..compat.imports import structured_parameters
from ..models.output import set_weights
from ..models.pytorch.bridge import empty_net
from ..models.pytorch.names import torch_names
from ..models.pytorch.pairs import find_pair
from ..types import Net, NumPyArray

CLASSES = 10


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A short training: network, data and hyperparameters."""
    network: str = 'resnet18_v2'
    image_size: int = 16
    batch_size: int = 8
    steps: int = 1
    learning_rate: float = 0.01
    lr_mult: float = 10
    wd: float = 0.001
    momentum: float = 0
    freeze: bool = False
    seed: int = 3          # with it, no activation is so near 0 that rounding changes its sign
    by_sum: bool = False   # PyTorch minimises the sum over the batch, as the chapter's tab does

    def batches(self) -> Iterator[tuple[NumPyArray, NumPyArray]]:
        """Yield `steps` batches: X (batch, 3, height, width) float32, y (batch,) int64."""
        rng = np.random.RandomState(self.seed)
        for _ in range(self.steps):
            yield (random_images(rng, self.batch_size, self.image_size),
                   rng.randint(0, CLASSES, self.batch_size))


def images_for(network: str) -> NumPyArray:
    """Return random images of a size at which a network and its counterpart are equivalent."""
    count, size = (1, 224) if find_pair(network).sizes else (2, 64)
    return random_images(np.random.RandomState(1), count, size)


def random_images(rng: np.random.RandomState, count: int, size: int) -> NumPyArray:
    """Return normalised images of noise: (count, 3, size, size) float32."""
    return rng.standard_normal((count, 3, size, size)).astype('float32')


def logits_and_labels() -> tuple[NumPyArray, NumPyArray]:
    """Return the inputs of a loss: y_hat (32, classes) float32, y (32,) int64."""
    rng = np.random.RandomState(1)
    y_hat = rng.standard_normal((32, CLASSES)).astype('float32')
    return y_hat, rng.randint(0, CLASSES, 32)


def random_net(network: str) -> Net:
    """Return the Gluon net `network` with random weights and random BatchNorm statistics."""
    gc.collect()   # the previous net has reference cycles and may occupy a gigabyte
    net, rng = empty_net(find_pair(network), CLASSES), np.random.RandomState(0)
    set_weights(net, {name: random_values(rng, name.rpartition('.')[2], param)
                      for name, param in structured_parameters(net).items()})
    return net


def random_values(rng: np.random.RandomState, kind: str, param: Any) -> NumPyArray:
    """Return values for a parameter: unlike any default, and activations stay in range."""
    if kind in ('gamma', 'beta') and param.grad_req == 'null':   # the BatchNorm on the input
        return np.full(param.shape, kind == 'gamma', 'float32')
    uniform: NumPyArray = rng.random_sample(param.shape).astype('float32')
    if kind in ('gamma', 'running_var'):
        return 0.5 + uniform
    width = 2 * np.sqrt(3 / np.prod(param.shape[1:])) if kind == 'weight' else 0.2
    return (uniform - 0.5) * np.float32(width)


def shared_names(net: Net, network: str) -> dict[str, str]:
    """Return {Gluon's name: PyTorch's} of the parameters that both networks have."""
    names = torch_names(net, find_pair(network))
    return {name: torch for name, torch in names.items() if torch}


def is_statistic(name: str) -> bool:
    """Return whether a parameter is a running statistic of BatchNorm, which has no gradient."""
    return name.endswith(('running_mean', 'running_var'))
