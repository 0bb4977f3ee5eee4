"""The parts of a network's features by name: its stages, and single layers between them."""
from __future__ import annotations

import functools

from ..compat.imports import structured_parameters
from ..errors import UsageError
from ..types import Net
from .output import blocks, output_layer


def parts(net: Net) -> dict[str, Net]:
    """Return the blocks of the features of `net` that have weights, in the order of computation.

    A block of several layers is a stage: stage1, stage2 and so on. A single layer has its
    structural name, such as 'features.0'. The output layer is not among them.
    """
    found: dict[str, Net] = {}
    stages = 0
    for name, names in _parameters_by_block(net).items():
        part = _block(net, name)
        if output_layer(net) in blocks(part):
            continue
        is_stage = any(parameter.count('.') > name.count('.') + 1 for parameter in names)
        stages += is_stage
        found[f'stage{stages}' if is_stage else name] = part
    return found


def parts_from(net: Net, name: str) -> list[Net]:
    """Return the part of this name and those after it.

    Raises:
        UsageError: There is no such part.
    """
    names = list(parts(net))
    if name not in names:
        raise UsageError(f'{getattr(net, "network", None) or "the net"} has no {name!r}: its parts '
                         f'are {", ".join(names)}')
    return list(parts(net).values())[names.index(name):]


def _parameters_by_block(net: Net) -> dict[str, list[str]]:
    """Return the structural name of each part -> the names of its parameters."""
    found: dict[str, list[str]] = {}
    for name in structured_parameters(net):
        depth = 2 if name.startswith('features.') else 1
        found.setdefault('.'.join(name.split('.')[:depth]), []).append(name)
    return found


def _block(net: Net, name: str) -> Net:
    return functools.reduce(
        lambda block, key: block[int(key)] if key.isdigit() else getattr(block, key),
        name.split('.'), net)
