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
from .output import blocks, output_part
from .stages import parts, parts_from


def freeze_features(net: Net, until: str | None = None) -> Net:
    """Freeze everything but the output layer of a net: it stays the same bit for bit in training.

    Frozen weights get no gradient, and frozen BatchNorm layers normalize by their running
    statistics without updating them; the chapter stops the weights only. Chapter: exercise 3.

    Args:
        net: The network, as `finetune_net` returns it; it is changed.
        until: The first part that learns, such as 'stage3': what comes before it is frozen, what
            comes after it learns as well. By default that is the output layer.

    Returns:
        The same `net`.

    Raises:
        UsageError: The net has no output layer, or no part of that name.
    """
    learning_blocks = blocks(output_part(net))
    for part in parts_from(net, until) if until else []:
        learning_blocks += blocks(part)
    learning = _parameters(learning_blocks)
    for param in structured_parameters(net).values():
        if id(param) not in learning:
            param.grad_req = 'null'
    use_running_statistics(net, excluded=learning_blocks)
    return net


def first_learning(net: Net) -> Net | None:
    """Return the first part of `net` that learns, if all before it is frozen and not nothing.

    That is the output where the features are frozen altogether.
    """
    before = False
    for part in parts(net).values():
        if not _is_frozen(part):
            return part if before else None
        before = True
    return output_part(net) if before else None


def _is_frozen(block: Net) -> bool:
    """Return whether training changes neither weights nor statistics of `block`."""
    return _uses_running_statistics(block) and all(
        param.grad_req == 'null' for param in structured_parameters(block).values())


def use_running_statistics(net: Net, excluded: Collection[Net] = ()) -> None:
    """Let BatchNorm in `net`, except in the blocks `excluded`, train on its running statistics."""
    for block in blocks(net):
        if block not in excluded and has_running_statistics(block):
            set_running_statistics(block)
        drop_compiled_graph(block)  # it would still update the statistics


def _uses_running_statistics(net: Net) -> bool:
    return all(uses_running_statistics(block) for block in blocks(net)
               if has_running_statistics(block))


def _parameters(group: Collection[Net]) -> set[int]:
    return {id(param) for block in group for param in own_parameters(block)}
