"""MXNet's side of the checks: logits, losses, gradients, and weights after training steps.

Each check function has a counterpart of the same name in `torch_side.py`. Both return `Results`
with Gluon's names of the parameters.
"""
from __future__ import annotations

from typing import Iterator

from ..compat.imports import array, mx, set_attribute, structured_parameters, value_of
from ..models.freeze import freeze_features
from ..models.output import output_layer
from ..training.evaluate import count_correct
from ..training.loop import train_steps
from ..types import Net
from .inputs import Recipe, images_for, is_statistic, logits_and_labels, random_net, shared_names
from .rows import Arrays, Results

LOSS = mx.gluon.loss.SoftmaxCrossEntropyLoss()


def logits(network: str, dtype: str) -> Results:
    """Return the outputs of a random net for images, in prediction mode."""
    net = random_net(network)
    net.cast(dtype)
    return [('', {'logits': net(array(images_for(network), dtype=dtype)).asnumpy()})]


def losses(dtype: str) -> Results:
    """Return the cross-entropy of each example."""
    y_hat, y = logits_and_labels()
    return [('', {'loss': LOSS(array(y_hat, dtype=dtype), array(y)).asnumpy()})]


def correct() -> Arrays:
    """Return the number of correctly classified examples."""
    y_hat, y = logits_and_labels()
    return {'correct': count_correct(array(y_hat), array(y)).asnumpy().item()}


def gradients(recipe: Recipe, dtype: str) -> Results:
    """Return the gradient of the mean loss of a batch, for each trainable parameter."""
    net = random_net(recipe.network)
    net.cast(dtype)
    X, y = next(recipe.batches())
    with mx.autograd.record():
        loss = LOSS(net(array(X, dtype=dtype)), array(y))
    loss.backward()
    return [('', {name: param.grad().asnumpy() / len(X)
                  for name, param in structured_parameters(net).items()
                  if param.grad_req != 'null'})]


def train(recipe: Recipe, dtype: str) -> Results:
    """Yield, after each step, how far each weight has moved; with `freeze`, statistics too."""
    for number, (start, now) in enumerate(steps(recipe, dtype), 1):
        yield f'step {number}', {name: now[name] - start[name] for name in now
                                 if recipe.freeze or not is_statistic(name)}


def statistics(recipe: Recipe, dtype: str) -> Results:
    """Return BatchNorm's running means and variances after the last step."""
    *_, (_, now) = steps(recipe, dtype)
    return [('', {name: now[name] for name in now if is_statistic(name)})]


def steps(recipe: Recipe, dtype: str) -> Iterator[tuple[Arrays, Arrays]]:
    """Yield (initial weights, weights after the step) of each step of the package's own loop."""
    net = random_net(recipe.network)
    net.cast(dtype)
    set_attribute(output_layer(net).collect_params(), 'lr_mult', recipe.lr_mult)
    if recipe.freeze:
        freeze_features(net)
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {
        'learning_rate': recipe.learning_rate, 'wd': recipe.wd, 'momentum': recipe.momentum})
    start = values(net, recipe.network)
    batches = [(array(X, dtype=dtype), array(y)) for X, y in recipe.batches()]
    for meter in train_steps(net, batches, batches, LOSS, trainer, 1, progress=False,
                             evaluate=lambda: 0.0):
        if not meter.record:
            yield start, values(net, recipe.network)


def values(net: Net, network: str) -> Arrays:
    """Return each parameter and statistic that PyTorch's counterpart has too."""
    params = structured_parameters(net)
    return {name: value_of(params[name]) for name in shared_names(net, network)}
