"""Frozen features: constant weights and constant running statistics of BatchNorm."""
from __future__ import annotations

from typing import Collection

from ..compat.gluon import own_parameters
from ..compat.graphs import drop_compiled_graph
from ..compat.imports import structured_parameters
from ..compat.layers import (
    has_running_statistics,
    set_running_statistics,
    uses_running_statistics,
)
from ..types import Net
from .output import blocks, output_layer


def freeze_features(net: Net) -> Net:
    """Freeze everything but the output layer of a net: it stays the same bit for bit in training.

    Frozen weights get no gradient, and frozen BatchNorm layers normalize by their running
    statistics without updating them; the chapter stops the weights only. Chapter: exercise 3.

    Args:
        net: The network, as `finetune_net` returns it; it is changed.

    Returns:
        The same `net`.

    Raises:
        UsageError: The net has no output layer.
    """
    output = _output_blocks(net)
    learning = _parameters(output)
    for param in structured_parameters(net).values():
        if id(param) not in learning:
            param.grad_req = 'null'
    use_running_statistics(net, excluded=output)
    return net


def is_frozen(net: Net) -> bool:
    """Return whether training changes nothing of `net` but its output layer."""
    output = _output_blocks(net)
    learning = _parameters(output)
    return _uses_running_statistics(net, excluded=output) and all(
        param.grad_req == 'null' for param in structured_parameters(net).values()
        if id(param) not in learning)


def use_running_statistics(net: Net, excluded: Collection[Net] = ()) -> None:
    """Let BatchNorm in `net`, except in the blocks `excluded`, train on its running statistics."""
    for block in blocks(net):
        if block not in excluded and has_running_statistics(block):
            set_running_statistics(block)
        drop_compiled_graph(block)  # it would still update the statistics


def _uses_running_statistics(net: Net, excluded: Collection[Net]) -> bool:
    return all(uses_running_statistics(block) for block in blocks(net)
               if block not in excluded and has_running_statistics(block))


def _output_blocks(net: Net) -> list[Net]:
    return blocks(net.output if hasattr(net, 'output') else output_layer(net))


def _parameters(group: Collection[Net]) -> set[int]:
    return {id(param) for block in group for param in own_parameters(block)}
