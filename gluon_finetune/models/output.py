"""Finds and replaces the output layer of any classifier; does not know whose weights it holds."""
from ..compat.array_api import in_api_of
from ..compat.gluon import copy_block, layer_options, replace_child
from ..compat.imports import array, mx, structured_parameters, value_of
from ..errors import UsageError


def output_layer(net):
    """Return the layer of `net` whose weights have one row for each class: a Dense or 1x1 Conv2D.

    It is the last such layer of `net.output`, or of the net where there is no such block; so it is
    in every classifier of the zoos, whatever its name. Raises `UsageError` if there is none.
    """
    inside = getattr(net, 'output', None)
    inside = inside if isinstance(inside, mx.gluon.Block) else net
    found = [block for block in blocks(inside)
             if isinstance(block, (mx.gluon.nn.Dense, mx.gluon.nn.Conv2D))]
    if not found:
        raise UsageError(f'{type(net).__name__} has no output layer to replace: it needs a '
                         f'Dense or Conv2D layer, best as net.output')
    return found[-1]


def output_name(net):
    """Return the structural name of the output layer with its dot: 'output.', 'output.0.'."""
    weight = output_layer(net).weight
    return next(name[:-len('weight')] for name, param in structured_parameters(net).items()
                if param is weight)


def blocks(net):
    """Return all blocks of `net`, itself last, in the order in which they were added."""
    found = []
    net.apply(found.append)
    return found


def copy_net(net):
    """Return a copy of `net` on the CPU that shares nothing with it; its weights are equal.

    Raises `UsageError` if the net has no weights yet.
    """
    values, twin = weights(net), copy_block(net)
    set_weights(twin, values)
    return twin


def weights(net):
    """Return a dict of structural name -> NumPy array; over several devices the mean, as saved."""
    params = structured_parameters(net)
    if any(param._data is None for param in params.values()):
        raise UsageError('the net has no weights yet: load them, or initialize it and show it a '
                         'first batch')
    return {name: value_of(param) for name, param in params.items()}


def set_weights(net, values):
    """Give `net` the weights `values` (structural name -> NumPy array), where it is or the CPU."""
    for name, param in structured_parameters(net).items():
        if name in values:
            param.shape = values[name].shape
            if param._data is None:
                param.initialize(mx.init.Zero(), mx.cpu(), force_reinit=True)
            param.set_data(array(values[name], dtype=param.dtype))


def replace_output(net, classes):
    """Replace the output layer of `net` by one with `classes` outputs and no weights; return it."""
    old = output_layer(net)
    new = in_api_of(old, lambda: _like(old, classes))
    for block in blocks(net):
        replace_child(block, old, new)
    return new


def name_output(net):
    """Make the output layer of `net` known as `net.output` where its zoo calls it otherwise."""
    if not isinstance(getattr(net, 'output', None), mx.gluon.Block):
        vars(net)['output'] = output_layer(net)  # setattr would register its parameters twice
    return net


def _like(layer, classes):
    inputs = layer.weight.shape[1]
    common = {'use_bias': layer.bias is not None, **layer_options(layer)}
    if isinstance(layer, mx.gluon.nn.Dense):
        return mx.gluon.nn.Dense(classes, in_units=max(inputs, 0), flatten=layer._flatten, **common)
    options = {key: layer._kwargs[plural] for key, plural in
               (('kernel_size', 'kernel'), ('strides', 'stride'), ('padding', 'pad'))}
    new = mx.gluon.nn.Conv2D(classes, in_channels=max(inputs, 0), **options, **common)
    new.weight.shape = (classes, *layer.weight.shape[1:])   # MXNet 2 does not heed in_channels
    return new
