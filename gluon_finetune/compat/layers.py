"""Layers of a net: copies, replacement, and the running statistics of BatchNorm.

In MXNet 2, parents refer to their children by weak references, and layers have no prefix.
"""
from __future__ import annotations

import copy
import weakref
from typing import Any

from ..types import Net
from .imports import MXNET_2, mx, structured_parameters


def copy_block(net: Net) -> Net:
    """Return a deep copy of `net` without values, gradients, Trainers and compiled graphs."""
    originals: list[Net] = []
    net.apply(originals.append)
    skipped = [getattr(block, '_cached_op', None) for block in originals]
    for param in structured_parameters(net).values():
        skipped += [param._data, param._grad, param._trainer]
    memo: dict[int, Any] = {id(part): None for part in skipped}
    duplicate = copy.deepcopy(net, memo)
    for block in originals:
        children = memo[id(block)]._children
        for name, child in children.items():
            if isinstance(child, weakref.ref):   # still refers to the original child
                children[name] = weakref.ref(memo[id(child())])
    duplicate.hybridize(False)  # drops compiled graphs of the original layers
    return duplicate


def replace_child(block: Net, old: Net, new: Net) -> None:
    """Replace the layer `old` by `new` in the children and attributes of `block`."""
    for name, child in list(block._children.items()):
        if child is old or isinstance(child, weakref.ref) and child() is old:
            block.register_child(new, name)
    for name, value in list(block.__dict__.items()):
        if value is old:
            block.__dict__[name] = new
        elif name == '_layers':   # a container's strong references to its children
            value[:] = [new if layer is old else layer for layer in value]


def resized_layer(layer: Net, outputs: int) -> Net:
    """Return a new Dense or Conv2D layer like `layer`, without weights, with `outputs` outputs."""
    inputs = max(layer.weight.shape[1], 0)
    common: dict[str, Any] = {'use_bias': layer.bias is not None}
    if not MXNET_2:
        common['prefix'] = layer.prefix
    if isinstance(layer, mx.gluon.nn.Dense):
        return mx.gluon.nn.Dense(outputs, in_units=inputs, flatten=layer._flatten, **common)
    options = {key: layer._kwargs[plural] for key, plural in
               (('kernel_size', 'kernel'), ('strides', 'stride'), ('padding', 'pad'))}
    new = mx.gluon.nn.Conv2D(outputs, in_channels=inputs, **options, **common)
    new.weight.shape = (outputs, *layer.weight.shape[1:])   # MXNet 2 ignores in_channels
    return new


def has_running_statistics(layer: Net) -> bool:
    """Return whether a layer normalizes by statistics of the batch or running ones: BatchNorm."""
    return 'use_global_stats' in getattr(layer, '_kwargs', {})


def uses_running_statistics(batch_norm: Net) -> bool:
    """Return whether a BatchNorm layer uses its running statistics in training, too."""
    return bool(batch_norm._kwargs['use_global_stats'])


def set_running_statistics(batch_norm: Net) -> None:
    """Let a BatchNorm layer use its running statistics in training, too, and never update them."""
    batch_norm._kwargs['use_global_stats'] = True
