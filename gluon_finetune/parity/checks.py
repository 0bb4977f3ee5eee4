"""The lines of the table, in the order in which an image travels; computes nothing by itself."""
from functools import partial

import numpy as np

from ..models.pytorch.pairs import PAIRS
from ..training.hyperparameters import to_mean_gradient
from . import crops, images
from . import mxnet_side as ours
from . import torch_side as theirs
from .inputs import Recipe
from .rows import Check, as_known, by_divergence, by_rounding, distance, exactly

LOGITS_LIMIT, GRADIENT_LIMIT = 1e-4, 1e-3   # whatever the rounding, more would be felt


def of_rounding(name, what, *args, limit=float('inf'), note='', there=None):
    """The check of one function of `ours` and `theirs`; `there` are other arguments for PyTorch."""
    return Check(name, partial(getattr(ours, what), *args),
                 partial(getattr(theirs, what), *(there or args)), by_rounding, limit, note)


def logits(network):
    """The check of a network's outputs."""
    pair = PAIRS[network]
    return of_rounding(f'logits: {network}', 'logits', network, limit=LOGITS_LIMIT,
                       note=f"{pair.torch}, {'ours' if pair.library == 'own' else pair.library}")


def translated():
    """The check of the PyTorch tab's own numbers, steps on the sum, against ours on the mean."""
    learning_rate, wd, batch_size = 5e-5, 0.001, 128
    there = Recipe(batch_size=batch_size, steps=2, learning_rate=learning_rate, wd=wd, by_sum=True)
    learning_rate, wd = to_mean_gradient(learning_rate, wd, batch_size)
    here = Recipe(batch_size=batch_size, steps=2, learning_rate=learning_rate, wd=wd)
    return of_rounding('sum and mean gradient', 'train', here, there=[there],
                       note=f'5e-5 there is {learning_rate:.2g} here, decay {wd:.2g}')


def input_statistics():
    """How far apart the statistics of the BatchNorm on the input are after a step."""
    def move_all(twin):
        for layer in theirs.batch_norms(twin):
            layer.momentum = theirs.BATCH_NORM_MOMENTUM
    (_, here), = ours.statistics(Recipe(), 'float64')
    (_, there), = theirs.statistics(Recipe(), 'float64', spoil=move_all)
    return distance(here, there)


def joined(steps):
    """The same steps with all weights as one vector."""
    for label, found in steps:
        yield label, {'weights': np.concatenate([values.ravel() for values in found.values()])}


def twenty_steps():
    """The check of 20 steps, weights compared at each."""
    recipe = Recipe(steps=20, learning_rate=0.001)

    def there(dtype, number=None):
        shake = None if number is None else partial(theirs.shake, number=number)
        return joined(theirs.train(recipe, dtype, shake))
    return Check('20 steps', lambda dtype: joined(ours.train(recipe, dtype)), there, by_divergence,
                 note='all weights together, the worst:')


LOGITS = [logits(network) for network in PAIRS]
TRAINING = [
    of_rounding('loss', 'losses'),
    Check('accuracy', ours.correct, theirs.correct, exactly, note='examples that are right'),
    of_rounding('gradient: resnet18_v2', 'gradients', Recipe(), limit=GRADIENT_LIMIT,
                note='the worst parameter'),
    of_rounding('gradient: resnet18_v1', 'gradients', Recipe('resnet18_v1', seed=8),
                limit=GRADIENT_LIMIT, note='the worst parameter'),
    of_rounding('one step', 'train', Recipe(), note='output x10, weight decay'),
    of_rounding('momentum', 'train', Recipe(steps=2, momentum=0.9), note='the worst:'),
    twenty_steps(),
    of_rounding('running statistics', 'statistics', Recipe(steps=2),
                note='n/(n-1) of the variance taken out'),
    Check('- of the input', input_statistics, None, as_known,
          note="resnet*_v2: MXNet's stand still on the CPU"),
    of_rounding('frozen features', 'train', Recipe(steps=3, freeze=True),
                note='freeze_features; eval(), requires_grad'),
    translated()]


def all_checks():
    """Every `Check` except the whole run."""
    return images.CHECKS + crops.CHECKS + LOGITS + TRAINING
