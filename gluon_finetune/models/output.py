"""The output layer of any classifier, and the weights of a net as NumPy arrays."""
from __future__ import annotations

from ..compat.array_api import in_api_of
from ..compat.gluon import is_initialized
from ..compat.imports import array, mx, structured_parameters, value_of
from ..compat.layers import copy_block, replace_child, resized_layer
from ..errors import UsageError
from ..types import Net, NumPyArray


def output_layer(net: Net) -> Net:
    """Return the layer of `net` whose weights have one row per class: a Dense or 1x1 Conv2D.

    It is the last such layer of `net.output`, or of `net` if it has no such block. This holds for
    every classifier of the zoos, whatever the name of the layer.

    Args:
        net: Any classifier.

    Returns:
        The layer itself, not a copy.

    Raises:
        UsageError: There is no such layer.
    """
    output = getattr(net, 'output', None)
    candidates = [block for block in blocks(output if isinstance(output, mx.gluon.Block) else net)
                  if isinstance(block, (mx.gluon.nn.Dense, mx.gluon.nn.Conv2D))]
    if not candidates:
        raise UsageError(f'{type(net).__name__} has no output layer to replace: a net needs a '
                         f'Dense or Conv2D layer, preferably as net.output')
    return candidates[-1]


def output_part(net: Net) -> Net:
    """Return `net.output`, which may have several layers, or the output layer without it."""
    output = getattr(net, 'output', None)
    return output if isinstance(output, mx.gluon.Block) else output_layer(net)


def output_name(net: Net) -> str:
    """Return the structural name of the output layer with its dot: 'output.', 'output.0.'."""
    weight = output_layer(net).weight
    name: str = next(name for name, param in structured_parameters(net).items()
                     if param is weight)
    return name[:-len('weight')]


def blocks(net: Net) -> list[Net]:
    """Return all blocks of `net`, itself last, in the order in which they were added."""
    found: list[Net] = []
    net.apply(found.append)
    return found


def copy_net(net: Net) -> Net:
    """Return an independent copy of `net` on the CPU, with equal weights.

    Raises `UsageError` if the net has no weights yet.
    """
    values, duplicate = weights(net), copy_block(net)
    set_weights(duplicate, values)
    return duplicate


def weights(net: Net) -> dict[str, NumPyArray]:
    """Return structural name -> NumPy array; the mean over several devices, as in saved files.

    Raises `UsageError` if the net has no weights yet.
    """
    params = structured_parameters(net)
    if not all(is_initialized(param) for param in params.values()):
        raise UsageError('the net has no weights yet: load them, or initialize the net and run a '
                         'first batch')
    return {name: value_of(param) for name, param in params.items()}


def set_weights(net: Net, values: dict[str, NumPyArray]) -> None:
    """Set weights of `net` by structural name, on its devices or, without any, on the CPU."""
    for name, param in structured_parameters(net).items():
        if name in values:
            param.shape = values[name].shape
            if not is_initialized(param):
                param.initialize(mx.init.Zero(), mx.cpu(), force_reinit=True)
            param.set_data(array(values[name], dtype=param.dtype))


def replace_output(net: Net, classes: int) -> Net:
    """Replace the output layer of `net` by one without weights for `classes` classes; return it."""
    old = output_layer(net)
    new = in_api_of(old, lambda: resized_layer(old, classes))
    for block in blocks(net):
        replace_child(block, old, new)
    return new


def name_output(net: Net) -> Net:
    """Make the output layer of `net` available as `net.output`, whatever its zoo calls it."""
    if not isinstance(getattr(net, 'output', None), mx.gluon.Block):
        net.__dict__['output'] = output_layer(net)  # setattr would register its parameters twice
    return net
