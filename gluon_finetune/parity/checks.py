"""All checks, in the order in which an image passes through preprocessing, network and training."""
from __future__ import annotations

from functools import partial
from typing import Any, Sequence

import numpy as np

from ..models.pytorch.pairs import PAIRS
from ..training.hyperparameters import to_mean_gradient
from . import crops, images, mxnet_side, torch_side
from .inputs import Recipe
from .rows import Check, KnownDifference, Results, by_divergence, by_rounding, exactly

TWENTY_STEPS = Recipe(steps=20, learning_rate=0.001)
LOGITS_LIMIT, GRADIENT_LIMIT = 1e-4, 1e-3   # a larger difference would matter, rounding or not


def rounding_check(name: str, function: str, *args: Any, limit: float = float('inf'),
                   note: str = '', torch_args: Sequence[Any] | None = None) -> Check:
    """Return the check of a function of both sides; `torch_args` replaces `args` for PyTorch."""
    return Check(name, partial(getattr(mxnet_side, function), *args),
                 partial(getattr(torch_side, function), *(torch_args or args)), by_rounding, limit,
                 note)


def logits(network: str) -> Check:
    """Return the check of the outputs of a network."""
    pair = PAIRS[network]
    library = pair.library if pair.library == 'torchvision' else 'gluon_finetune'
    return rounding_check(f'logits: {network}', 'logits', network, limit=LOGITS_LIMIT,
                          note=f'{pair.torch}, {library}')


def sum_and_mean_gradient() -> Check:
    """Return the check of the PyTorch tab's hyperparameters, converted for MXNet.

    The tab minimises the sum of the losses of a batch, this package the mean.
    """
    learning_rate, wd, batch_size = 5e-5, 0.001, 128
    torch = Recipe(batch_size=batch_size, steps=2, learning_rate=learning_rate, wd=wd, by_sum=True)
    learning_rate, wd = to_mean_gradient(learning_rate, wd, batch_size)
    mxnet = Recipe(batch_size=batch_size, steps=2, learning_rate=learning_rate, wd=wd)
    return rounding_check('sum and mean gradient', 'train', mxnet, torch_args=[torch],
                          note=f'learning rate 5e-5 becomes {learning_rate:.2g}, decay {wd:.2g}')


def as_one_vector(steps: Results) -> Results:
    """Yield the same steps with all weights concatenated."""
    for label, arrays in steps:
        yield label, {'weights': np.concatenate([values.ravel() for values in arrays.values()])}


def twenty_steps() -> Check:
    """Return the check of 20 training steps; weights are compared after each."""
    def mxnet(dtype: str) -> Results:
        return as_one_vector(mxnet_side.train(TWENTY_STEPS, dtype))

    def torch(dtype: str, seed: int | None = None) -> Results:
        return as_one_vector(torch_side.train(TWENTY_STEPS, dtype, perturbation(seed)))
    return Check('20 steps', mxnet, torch, by_divergence,
                 note='all weights as one vector, largest difference')


def statistics_after_twenty_steps() -> Check:
    """Return the check of the running statistics of every BatchNorm after 20 training steps."""
    def torch(dtype: str, seed: int | None = None) -> Results:
        return torch_side.statistics(TWENTY_STEPS, dtype, perturbation(seed))
    return Check('statistics after 20 steps', partial(mxnet_side.statistics, TWENTY_STEPS), torch,
                 by_divergence, note='every BatchNorm, also the one on the input')


def perturbation(seed: int | None) -> torch_side.Modify:
    """Return the function that perturbs weights with a seed; None leaves them alone."""
    return None if seed is None else partial(torch_side.perturb, seed=seed)


LOGITS = [logits(network) for network in PAIRS]
TRAINING = [
    rounding_check('loss', 'losses'),
    Check('accuracy', mxnet_side.correct, torch_side.correct, exactly,
          note='correctly classified examples'),
    rounding_check('gradient: resnet18_v2', 'gradients', Recipe(), limit=GRADIENT_LIMIT,
                   note='the worst parameter'),
    rounding_check('gradient: resnet18_v1', 'gradients', Recipe('resnet18_v1', seed=8),
                   limit=GRADIENT_LIMIT, note='the worst parameter'),
    rounding_check('one step', 'train', Recipe(), note='output x10, weight decay'),
    rounding_check('momentum', 'train', Recipe(steps=2, momentum=0.9), note='largest difference'),
    twenty_steps(),
    rounding_check('running statistics', 'statistics', Recipe(steps=2),
                   note='after removing the factor n/(n-1) of the variance'),
    statistics_after_twenty_steps(),
    rounding_check('frozen features', 'train', Recipe(steps=3, freeze=True),
                   note='freeze_features; eval(), requires_grad'),
    sum_and_mean_gradient()]


def all_checks() -> Sequence[Check | KnownDifference]:
    """Return every check except the full training run."""
    return [*images.CHECKS, *crops.CHECKS, *LOGITS, *TRAINING]
