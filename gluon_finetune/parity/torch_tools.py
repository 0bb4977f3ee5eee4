"""The PyTorch twin of a net, trained as in the chapter's PyTorch tab; knows no comparison."""
import numpy as np

from ..models.output import output_layer
from ..models.pytorch.bridge import to_torch, torch_net
from ..models.pytorch.imports import import_torch
from ..models.pytorch.pairs import find_pair


def pytorch():
    """The module torch; raises `UsageError` where it is not installed."""
    return import_torch('comparing with PyTorch')


def tensor(array, dtype=None):
    """A tensor of a NumPy array, in its own type or another."""
    return pytorch().from_numpy(np.array(array, dtype))


def twin_of(net, network):
    """The PyTorch twin of `net`, with its weights."""
    torch = pytorch()
    with torch.device('meta'):   # random weights of its own would cost seconds
        twin = torch_net(network, len(output_layer(net).weight.data()))
    twin.to_empty(device='cpu').load_state_dict(to_torch(net, network))
    return twin


def make_trainer(twin, recipe):
    """SGD with the output layer in a faster group; with `freeze`, the features stay as they are."""
    output = find_pair(recipe.network).layers[-1]
    features = [param for name, param in twin.named_parameters()
                if not name.startswith(f'{output}.')]
    if recipe.freeze:
        for param in features:
            param.requires_grad = False
        for layer in batch_norms(twin):
            layer.eval()   # or its running statistics would move
    return pytorch().optim.SGD(
        [{'params': features},
         {'params': twin.get_submodule(output).parameters(),
          'lr': float32(recipe.learning_rate * recipe.lr_mult)}],
        lr=float32(recipe.learning_rate), weight_decay=float32(recipe.wd),
        momentum=float32(recipe.momentum))


def step(twin, trainer, X, y, by_sum=False):
    """One step of training on a batch; returns its mean loss."""
    trainer.zero_grad()
    loss = backward(twin, X, y, by_sum)
    trainer.step()
    return loss / len(X) if by_sum else loss


def backward(twin, X, y, by_sum=False):
    """Leaves the gradients of the mean, or the sum, of the losses on the parameters; returns it."""
    dtype = next(twin.parameters()).dtype
    loss = pytorch().nn.CrossEntropyLoss(reduction='sum' if by_sum else 'mean')(
        twin(tensor(X).to(dtype)), tensor(y))
    loss.backward()
    return loss.item()


def accuracy(twin, batches):
    """Share of the examples of `batches` that `twin` classifies rightly."""
    twin.eval()
    with pytorch().no_grad():
        right = [(twin(tensor(X)).argmax(dim=1) == tensor(y)).sum().item() for X, y in batches]
    return sum(right) / sum(len(y) for _, y in batches)


def batch_norms(twin):
    return [layer for layer in twin.modules() if isinstance(layer, pytorch().nn.BatchNorm2d)]


def float32(number):
    """The nearest float32: MXNet keeps its rates so, even where it computes in float64."""
    return float(np.float32(number))
