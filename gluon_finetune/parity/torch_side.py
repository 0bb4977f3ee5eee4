"""PyTorch's side of the checks, from the weights of a Gluon net.

Each check function has a counterpart of the same name in `mxnet_side.py`. A comment explains each
difference between the frameworks' conventions. `modify` changes the model before its use: the tests
use it to show that each check can fail.
"""
from __future__ import annotations

from typing import Any, Callable, Iterator, Mapping, Optional

from .inputs import Recipe, images_for, is_statistic, logits_and_labels, random_net, shared_names
from .rows import Arrays, Results
from .torch_training import (
    Model,
    backward,
    batch_norms,
    counterpart,
    float32,
    make_trainer,
    pytorch,
    step,
    tensor,
)

BATCH_NORM_MOMENTUM = 1 - float32(0.9)   # PyTorch's weighs the new value, MXNet's the old one

Modify = Optional[Callable[[Model], None]]


def logits(network: str, dtype: str, modify: Modify = None) -> Results:
    """Return the outputs of the random model for images, in prediction mode."""
    model, _ = random_model(network, dtype, modify)
    with pytorch().no_grad():
        return [('', {'logits': model.eval()(tensor(images_for(network), dtype)).numpy()})]


def losses(dtype: str, **options: Any) -> Results:
    """Return the cross-entropy of each example; `options` of PyTorch's loss."""
    y_hat, y = logits_and_labels()
    loss = pytorch().nn.CrossEntropyLoss(reduction='none', **options)
    return [('', {'loss': loss(tensor(y_hat, dtype), tensor(y)).numpy()})]


def correct() -> Arrays:
    """Return the number of correctly classified examples."""
    y_hat, y = logits_and_labels()
    return {'correct': (tensor(y_hat).argmax(dim=1) == tensor(y)).sum().item()}


def gradients(recipe: Recipe, dtype: str, modify: Modify = None) -> Results:
    """Return the gradient of the mean loss of a batch, for each trainable parameter."""
    model, names = random_model(recipe.network, dtype, modify)
    backward(model, *next(recipe.batches()))
    params = dict(model.named_parameters())
    return [('', {name: params[torch].grad.numpy() for name, torch in names.items()
                  if torch in params})]


def train(recipe: Recipe, dtype: str, modify: Modify = None) -> Results:
    """Yield, after each step, how far each weight has moved; with `freeze`, statistics too."""
    for number, (start, now, _) in enumerate(steps(recipe, dtype, modify), 1):
        yield f'step {number}', {name: now[name] - start[name] for name in now
                                 if recipe.freeze or not is_statistic(name)}


def statistics(recipe: Recipe, dtype: str, modify: Modify = None,
               unbiased: bool = True) -> Results:
    """Return BatchNorm's running means and variances after the last step.

    PyTorch's running variance averages the variance over n - 1, MXNet's that over n; with
    `unbiased`, PyTorch's is converted.
    """
    *_, (start, now, counts) = steps(recipe, dtype, modify)
    found = {name: now[name] for name in now if is_statistic(name)}
    for name, count in counts.items() if unbiased else ():
        old = start[name] * (1 - BATCH_NORM_MOMENTUM) ** recipe.steps
        found[name] = old + (now[name] - old) * (count - 1) / count
    return [('', found)]


def steps(recipe: Recipe, dtype: str,
          modify: Modify = None) -> Iterator[tuple[Arrays, Arrays, Mapping[str, int]]]:
    """Yield (initial weights, weights after the step, values per running variance) of each step."""
    model, names = random_model(recipe.network, dtype, modify)
    counts = count_values(model, names)
    trainer = make_trainer(model, recipe)
    start = values(model, names)
    for X, y in recipe.batches():
        step(model, trainer, X, y, recipe.by_sum)
        yield start, values(model, names), counts


def random_model(network: str, dtype: str, modify: Modify = None) -> tuple[Model, dict[str, str]]:
    """Return the counterpart of `random_net(network)` in training mode, and `shared_names`."""
    net = random_net(network)
    model = counterpart(net, network)
    for layer in batch_norms(model):
        layer.momentum = BATCH_NORM_MOMENTUM
    if modify:
        modify(model)
    return model.to(getattr(pytorch(), dtype)).train(), shared_names(net, network)


def count_values(model: Model, names: Mapping[str, str]) -> dict[str, int]:
    """Return a dict that a forward pass fills: running variance -> values it is computed from.

    Only variances that are updated get an entry.
    """
    layers: dict[str, Any] = dict(model.named_modules())
    counts: dict[str, int] = {}

    def counter(name: str) -> Callable[..., None]:
        def count(layer: Any, inputs: Any, output: Any) -> None:
            counts[name] = inputs[0].numel() // inputs[0].shape[1]
        return count
    for name, torch in names.items():
        layer = layers[torch.rpartition('.')[0]]
        if name.endswith('running_var') and layer.momentum:
            layer.register_forward_hook(counter(name))
    return counts


def perturb(model: Model, seed: int, size: float = 2.0 ** -16) -> None:
    """Change each weight by about `size` of its value, at random."""
    torch = pytorch()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for param in model.parameters():
            param.mul_(1 + size * torch.randn(param.shape, generator=generator))


def values(model: Model, names: Mapping[str, str]) -> Arrays:
    """Return each parameter and statistic as a NumPy array, by Gluon's names."""
    state = model.state_dict()
    return {name: state[torch].numpy().copy() for name, torch in names.items()}
