"""What MXNet computes: logits, losses, gradients, weights after steps; knows no PyTorch.

Every function has its twin of the same name in `theirs.py`. They give pairs (label, {name: NumPy
array}), under Gluon's names of the parameters.
"""
from ..compat.imports import array, mx, set_attribute, structured_parameters, value_of
from ..models.freeze import freeze_features
from ..models.output import output_layer
from ..training.evaluate import count_correct
from .inputs import images_for, is_statistic, logits_and_labels, random_net, shared_names


def logits(network, dtype):
    """Outputs of a random net for images, as in prediction."""
    net = random_net(network)
    net.cast(dtype)
    return [('', {'logits': net(array(images_for(network), dtype=dtype)).asnumpy()})]


def losses(dtype):
    """Cross-entropy of each example."""
    y_hat, y = logits_and_labels()
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    return [('', {'loss': loss(array(y_hat, dtype=dtype), array(y)).asnumpy()})]


def correct():
    """How many examples are classified rightly."""
    y_hat, y = logits_and_labels()
    return {'correct': count_correct(array(y_hat), array(y)).asnumpy().item()}


def gradients(recipe, dtype):
    """Gradient of the mean loss over a batch, of every parameter that learns."""
    net = random_net(recipe.network)
    net.cast(dtype)
    X, y = next(recipe.batches())
    backward(net, X, y, dtype)
    return [('', {name: param.grad().asnumpy() / len(X)
                  for name, param in structured_parameters(net).items()
                  if param.grad_req != 'null'})]


def train(recipe, dtype):
    """After each step, how far every weight has moved; what is frozen, statistics included."""
    for number, (start, now) in enumerate(steps(recipe, dtype), 1):
        yield f'step {number}', {name: now[name] - start[name] for name in now
                                 if recipe.freeze or not is_statistic(name)}


def statistics(recipe, dtype):
    """BatchNorm's running means and variances after the last step."""
    *_, (_, now) = steps(recipe, dtype)
    return [('', {name: now[name] for name in now if is_statistic(name)})]


def steps(recipe, dtype):
    """Yield (weights at the start, weights after the step) of each step."""
    net = random_net(recipe.network)
    net.cast(dtype)
    set_attribute(output_layer(net).collect_params(), 'lr_mult', recipe.lr_mult)
    if recipe.freeze:
        freeze_features(net)
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {
        'learning_rate': recipe.learning_rate, 'wd': recipe.wd, 'momentum': recipe.momentum})
    start = values(net, recipe.network)
    for X, y in recipe.batches():
        backward(net, X, y, dtype)
        trainer.step(len(X))
        yield start, values(net, recipe.network)


def backward(net, X, y, dtype):
    """Leave the gradients of the sum of the losses on the parameters."""
    with mx.autograd.record():
        loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()(net(array(X, dtype=dtype)), array(y))
    loss.backward()


def values(net, network):
    """Return every parameter that the twin has too."""
    params = structured_parameters(net)
    return {name: value_of(params[name]) for name in shared_names(net, network)}
