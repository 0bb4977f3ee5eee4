"""What both frameworks start from: weights, images, labels and hyper-parameters; runs neither.

Everything comes from NumPy's oldest generator, whose numbers never change: what one framework gave
can be stored and compared with the other later.
"""
import dataclasses
import gc

import numpy as np

from ..compat.imports import structured_parameters
from ..models.output import set_weights
from ..models.pytorch.bridge import empty_net
from ..models.pytorch.names import torch_names
from ..models.pytorch.pairs import find_pair

CLASSES = 10


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A short training: which network, on what, how."""
    network: str = 'resnet18_v2'
    image_size: int = 16
    batch_size: int = 8
    steps: int = 1
    learning_rate: float = 0.01
    lr_mult: float = 10
    wd: float = 0.001
    momentum: float = 0
    freeze: bool = False
    seed: int = 3          # at which no activation is so near 0 that rounding could turn its sign
    by_sum: bool = False   # PyTorch steps on the sum over the batch, as its tab does

    def batches(self):
        """Yield `steps` batches: X (batch, 3, height, width) float32, y (batch,) int64."""
        rng = np.random.RandomState(self.seed)
        for _ in range(self.steps):
            yield (random_images(rng, self.batch_size, self.image_size),
                   rng.randint(0, CLASSES, self.batch_size))


def images_for(network):
    """Return random images of a size for which a network and its twin compute the same."""
    count, size = (1, 224) if find_pair(network).sizes else (2, 64)
    return random_images(np.random.RandomState(1), count, size)


def random_images(rng, count, size):
    """Return normalised images of noise: (count, 3, size, size) float32."""
    return rng.standard_normal((count, 3, size, size)).astype('float32')


def logits_and_labels():
    """Return what a loss is taken of: y_hat (32, classes) float32, y (32,) int64."""
    rng = np.random.RandomState(1)
    y_hat = rng.standard_normal((32, CLASSES)).astype('float32')
    return y_hat, rng.randint(0, CLASSES, 32)


def random_net(network):
    """Return the Gluon net `network` with random weights and random BatchNorm statistics."""
    gc.collect()   # the net before, which refers to itself in circles, may weigh a gigabyte
    net, rng = empty_net(find_pair(network), CLASSES), np.random.RandomState(0)
    set_weights(net, {name: random_values(rng, name.rpartition('.')[2], param)
                      for name, param in structured_parameters(net).items()})
    return net


def random_values(rng, kind, param):
    """Return values for a parameter of a kind: nobody's defaults, and activations stay in range."""
    if kind in ('gamma', 'beta') and param.grad_req == 'null':   # the BatchNorm on the input
        return np.full(param.shape, kind == 'gamma', 'float32')
    uniform = rng.random_sample(param.shape).astype('float32')
    if kind in ('gamma', 'running_var'):
        return 0.5 + uniform
    width = 2 * np.sqrt(3 / np.prod(param.shape[1:])) if kind == 'weight' else 0.2
    return (uniform - 0.5) * np.float32(width)


def shared_names(net, network):
    """Return {Gluon's name: PyTorch's} of the parameters that both have."""
    return {name: twin for name, twin in torch_names(net, find_pair(network)).items() if twin}


def is_statistic(name):
    """Return whether a parameter is a running statistic of BatchNorm, which no gradient moves."""
    return name.endswith(('running_mean', 'running_var'))
