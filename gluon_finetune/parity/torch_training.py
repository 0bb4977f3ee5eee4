"""The PyTorch counterpart of a net, and its training as in the chapter's PyTorch tab."""
from __future__ import annotations

from typing import Any, Iterable

import numpy as np

from ..models.output import output_layer
from ..models.pytorch.bridge import to_torch, torch_net
from ..models.pytorch.imports import import_torch
from ..models.pytorch.pairs import find_pair
from ..types import Net, NumPyArray
from .inputs import Recipe

Model = Any       # torch.nn.Module
Optimizer = Any   # torch.optim.Optimizer
Tensor = Any      # torch.Tensor


def pytorch() -> Any:
    """Return the module torch; raise `UsageError` if it is not installed."""
    return import_torch('comparing with PyTorch')


def tensor(array: Any, dtype: str | None = None) -> Tensor:
    """Return a tensor of a NumPy array, in its own or another dtype."""
    return pytorch().from_numpy(np.array(array, dtype))


def counterpart(net: Net, network: str) -> Model:
    """Return the PyTorch counterpart of `net`, with its weights."""
    torch = pytorch()
    with torch.device('meta'):   # initialising random weights would take seconds
        model = torch_net(network, len(output_layer(net).weight.data()))
    model.to_empty(device='cpu').load_state_dict(to_torch(net, network))
    return model


def make_trainer(model: Model, recipe: Recipe) -> Optimizer:
    """Return SGD with `lr_mult` for the output layer; with `freeze`, freeze the features."""
    output = find_pair(recipe.network).layers[-1]
    features = [param for name, param in model.named_parameters()
                if not name.startswith(f'{output}.')]
    if recipe.freeze:
        for param in features:
            param.requires_grad = False
        for layer in batch_norms(model):
            layer.eval()   # otherwise its running statistics would move
    return pytorch().optim.SGD(
        [{'params': features},
         {'params': model.get_submodule(output).parameters(),
          'lr': float32(recipe.learning_rate * recipe.lr_mult)}],
        lr=float32(recipe.learning_rate), weight_decay=float32(recipe.wd),
        momentum=float32(recipe.momentum))


def step(model: Model, trainer: Optimizer, X: NumPyArray, y: NumPyArray,
         by_sum: bool = False) -> float:
    """Take a training step on a batch; return its mean loss."""
    trainer.zero_grad()
    loss = backward(model, X, y, by_sum)
    trainer.step()
    return loss / len(X) if by_sum else loss


def backward(model: Model, X: NumPyArray, y: NumPyArray, by_sum: bool = False) -> float:
    """Compute the gradients of the mean loss, or the sum of losses, of a batch; return it."""
    dtype = next(model.parameters()).dtype
    loss = pytorch().nn.CrossEntropyLoss(reduction='sum' if by_sum else 'mean')(
        model(tensor(X).to(dtype)), tensor(y))
    loss.backward()
    return float(loss.item())


def accuracy(model: Model, batches: Iterable[tuple[NumPyArray, NumPyArray]]) -> float:
    """Return the share of the examples of `batches` that `model` classifies correctly."""
    model.eval()
    correct = examples = 0
    with pytorch().no_grad():
        for X, y in batches:
            correct += (model(tensor(X)).argmax(dim=1) == tensor(y)).sum().item()
            examples += len(y)
    return correct / examples


def batch_norms(model: Model) -> list[Any]:
    """Return the BatchNorm layers of `model`."""
    return [layer for layer in model.modules() if isinstance(layer, pytorch().nn.BatchNorm2d)]


def float32(number: float) -> float:
    """Round to float32, as MXNet does with its hyperparameters even when computing in float64."""
    return float(np.float32(number))
