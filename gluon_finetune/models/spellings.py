"""The names that a weights file gives to the parameters of a net, in each of their spellings.

`save_parameters` writes structural names ('features.0.gamma'); `export`, `collect_params().save`
and Module write long ones ('arg:resnetv20_batchnorm0_gamma'). Long names have prefixes with a
counter, more than one where layers of several nets were put together.
"""
from __future__ import annotations

import re
from typing import Iterable, Iterator, Mapping

from ..compat.gluon import long_names
from ..compat.imports import structured_parameters
from ..types import Net, NumPyArray
from .mismatch import fits
from .output import output_name

Arrays = Mapping[str, NumPyArray]
_MAX_SHOWN = 3


def structural(net: Net, saved: Arrays) -> dict[str, NumPyArray]:
    """Return saved arrays by the structural names of `net`.

    They are matched by their names; else layer by layer, in order and shape. Arrays that match
    neither way keep their names.
    """
    saved = {re.sub('^(arg|aux):', '', name): value for name, value in saved.items()
             if not name.startswith('out_aux.')}  # NASNet's second output, only for its training
    params = structured_parameters(net)
    if set(saved) == set(params):
        return saved
    matched = _by_long_names(net, saved) or _in_order(net, saved)
    if matched is None:
        return saved
    found = {id(params[name]): saved[saved_name] for name, saved_name in matched.items()}
    return {name: found[id(param)] for name, param in params.items()}   # GoogLeNet shares some


def describe_names(saved: Iterable[str]) -> str:
    """Return the first names in a file as part of a sentence."""
    names = list(saved)
    more = len(names) - _MAX_SHOWN
    return (f'names in the file: {", ".join(names[:_MAX_SHOWN]) or "none"}'
            + (f' and {more} more' if more > 0 else ''))


def _by_long_names(net: Net, saved: Arrays) -> dict[str, str] | None:
    """Match all parameters by the ends of their long names; those of the output layer by kind."""
    wanted = {long_name: name for name, long_name in long_names(net).items()}
    found: dict[str, str] = {}
    for saved_name in saved:
        name = next((wanted[end] for end in _ends(saved_name) if end in wanted), None)
        if name in found:
            return None
        if name:
            found[name] = saved_name
    missing = [name for name in wanted.values() if name not in found]
    taken = set(found.values())
    others = [saved_name for saved_name in saved if saved_name not in taken]
    if not all(name.startswith(output_name(net)) for name in missing):
        return None
    rest = _pair(missing, others)
    return None if rest is None else {**found, **rest}


def _ends(name: str) -> Iterator[str]:
    """Yield a long name without none, one, two ... of its leading parts."""
    yield name
    for mark in re.finditer('_', name):
        yield name[mark.end():]


def _in_order(net: Net, saved: Arrays) -> dict[str, str] | None:
    """Match the parameters of each kind (weight, gamma, ...) in their order, if all shapes fit."""
    params, output = structured_parameters(net), output_name(net)
    names = {id(param): name for name, param in params.items()}
    if not all('.' in name for name in saved):   # long names have the order of `collect_params()`
        names = {id(param): names[id(param)] for param in net.collect_params().values()}
    pairs = _pair(names.values(), saved)
    if pairs is None or not _rising(saved):
        return None
    for name, found in pairs.items():
        shape = params[name].shape
        if shape and name.startswith(output):
            shape = (0, *shape[1:])   # any number of classes
        if not fits(shape, saved[found].shape):
            return None
    return pairs


def _pair(names: Iterable[str], others: Iterable[str]) -> dict[str, str] | None:
    """Pair names of the same kind in their order; None unless there are as many of each kind."""
    by_kind, others_by_kind = _by_kind(names), _by_kind(others)
    if ({kind: len(group) for kind, group in by_kind.items()}
            != {kind: len(group) for kind, group in others_by_kind.items()}):
        return None
    return {name: other for kind, group in by_kind.items()
            for name, other in zip(group, others_by_kind[kind])}


def _by_kind(names: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(re.sub(r'^.*?(running_mean|running_var|[^._]*)$', r'\1', name),
                          []).append(name)
    return groups


def _rising(names: Iterable[str]) -> bool:
    """Return whether counters in the names rise; in an alphabetical file conv10 precedes conv2."""
    last: dict[str, list[int]] = {}
    for name in names:
        numbers, rest = [int(text) for text in re.findall(r'\d+', name)], re.sub(r'\d+', '#', name)
        if numbers < last.get(rest, []):
            return False
        last[rest] = numbers
    return True
