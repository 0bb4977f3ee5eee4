"""Networks for new classes: pretrained features or none, and an untrained output layer."""
from __future__ import annotations

import difflib
from typing import Any, Sequence, Union

from ..compat.imports import array, mx, set_attribute, value_of
from ..errors import UsageError
from ..types import Net, StrPath
from .initializer import xavier
from .labels import SourceClass, source_labels
from .output import copy_net, output_layer, replace_output
from .source import load_source, remember, source_net
from .source_file import Training
from .zoo import build_net

Classes = Union[int, Sequence[str]]   # their number, or their names


def finetune_net(source: StrPath | Net = 'resnet18_v2', classes: Classes = 2, *,
                 network: str | None = None, lr_mult: float = 10,
                 seed: int | None = None) -> Net:
    """Return a new network with pretrained features and an untrained output layer, on the CPU.

    `net.output` starts from Xavier initialization (bias 0) and learns at `lr_mult` times the
    learning rate of the features. Chapter: section "Defining and Initializing the Model".

    Args:
        source: As in `source_net`; a net that is passed stays unchanged.
        classes: The number of classes or a list of their names.
        network: As in `source_net`.
        lr_mult: Factor on the learning rate of the output layer.
        seed: Makes the output layer reproducible; None draws it from MXNet's generator.

    Returns:
        The network, which maps images (n, 3, height, width) to (n, classes). It notes its name in
        `net.network`, the names of its classes in `net.classes` and, once it is trained, the size
        of its images in `net.image_size` and the colour behind transparent pixels in
        `net.background`.

    Raises:
        UsageError: `classes` or `seed` is invalid, or the weights cannot be used.
        WorkError: The weights of the zoo cannot be downloaded.
    """
    count, names = check_classes(classes)
    initializer = xavier(seed)
    net = load_source(source, network, features_only=True)
    if net is source:
        net = copy_net(net)  # training the new net must not train the source
    layer = replace_output(net, count)
    layer.initialize(initializer, mx.cpu())
    set_attribute(layer.collect_params(), 'lr_mult', lr_mult)
    return remember(net, Training(getattr(net, 'network', None) or network, names,
                                  getattr(net, 'image_size', None),
                                  getattr(net, 'background', None)))


def scratch_net(name: str = 'resnet18_v2', classes: Classes = 2, *,
                seed: int | None = None) -> Net:
    """Return the untrained counterpart of `finetune_net`, on the CPU.

    All weights start from Xavier initialization and learn at the same rate. Chapter: section
    "Fine-Tuning the Model", which trains it for comparison.

    Args:
        name: One of `network_names()`.
        classes: The number of classes or a list of their names.
        seed: Makes the weights reproducible; None draws them from MXNet's generator.

    Returns:
        The network, as from `finetune_net`.

    Raises:
        UsageError: `name` is unknown, or `classes` or `seed` is invalid.
    """
    count, names = check_classes(classes)
    initializer, net = xavier(seed), build_net(name)
    replace_output(net, count)
    net.initialize(initializer, mx.cpu())
    return remember(net, Training(name, names))


def reuse_source_class(net: Net, source: StrPath | Net, classes: dict[str, str]) -> Net:
    """Start the output rows of some classes from rows of the source.

    Chapter: exercise 4.

    Args:
        net: A net with class names, as from `finetune_net`; it is changed.
        source: As in `source_net`, with the same network as `net`.
        classes: Class of `net` -> WordNet id or name of a class of the source, such as
            {'hotdog': 'n07697537'}.

    Returns:
        The same `net`.

    Raises:
        UsageError: A class is unknown or ambiguous, or the networks differ.
    """
    origin = source_net(source)
    labels = source_labels(source, origin)
    target_layer, source_layer = output_layer(net), output_layer(origin)
    if target_layer.weight.shape[1:] != source_layer.weight.shape[1:]:
        raise UsageError(f'output rows have shape {source_layer.weight.shape[1:]} in the source '
                         f'and {target_layer.weight.shape[1:]} in the net: both must be the same '
                         f'network')
    for target, origin_class in classes.items():
        target_row, source_row = _target_row(net, target), _source_row(labels, origin_class)
        for new, old in ((target_layer.weight, source_layer.weight),
                         (target_layer.bias, source_layer.bias)):
            if new is not None and old is not None:
                values = value_of(new)
                values[target_row] = value_of(old)[source_row]
                new.set_data(array(values))
    return net


def check_classes(classes: Any) -> tuple[int, list[str] | None]:
    """Return the number of classes and their names (None if only a number is given).

    Raises `UsageError` for fewer than two classes, duplicate names, or any other type.
    """
    names: list[str] | None = None
    if isinstance(classes, int) and not isinstance(classes, bool):
        count = classes
    elif isinstance(classes, (list, tuple)) and all(isinstance(name, str) for name in classes):
        count, names = len(classes), list(classes)
    else:
        raise UsageError(f'classes must be a number or a list of names, not {classes!r}')
    if count < 2:
        raise UsageError(f'a classifier needs at least 2 classes, not {count}')
    duplicates = sorted({name for name in names or () if classes.count(name) > 1})
    if duplicates:
        raise UsageError(f'duplicate class names: {", ".join(duplicates)}')
    return count, names


def _target_row(net: Net, name: str) -> int:
    names: list[str] | None = getattr(net, 'classes', None)
    if not names:
        raise UsageError('the net has no class names: create it with a list of names')
    if name not in names:
        raise UsageError(f'the net has no class {name!r}: its classes are {", ".join(names)}')
    return names.index(name)


def _source_row(labels: list[SourceClass], wanted: str) -> int:
    rows = [row for row, label in enumerate(labels) if wanted in (label.wnid, label.name)]
    if len(rows) == 1:
        return rows[0]
    if rows:
        ids = ' or '.join(str(labels[row].wnid) for row in rows)
        raise UsageError(f'the source has {len(rows)} classes named {wanted!r}: choose one by its '
                         f'WordNet id, {ids}')
    similar = difflib.get_close_matches(str(wanted), [label.name for label in labels], n=3)
    raise UsageError(f'the source has no class {wanted!r}: give its WordNet id or name'
                     + (f', such as {", ".join(similar)}' if similar else ''))
