"""The names of the classes of a source network."""
from __future__ import annotations

import os
from collections import Counter
from typing import Any, NamedTuple

from ..compat.imports import gluoncv
from ..errors import UsageError
from ..files.json import read_json
from ..files.names import is_valid_name, same_name, same_names
from ..types import Net, StrPath
from .output import output_layer
from .source import source_net


class SourceClass(NamedTuple):
    """A class of a source network: its WordNet id, if known, and its name."""

    wnid: str | None
    name: str


def source_labels(source: StrPath | Net, net: Net | None = None) -> list[SourceClass]:
    """Return the classes of a source in the order of its output rows.

    They are read from the file beside the weights that ends in .labels.json instead of .params;
    without it they are those in `net.classes`, as for the best.params of a run, and a source of
    1000 classes has those of ImageNet. Chapter: exercise 4.

    Args:
        source: As in `source_net`.
        net: The loaded source, if available.

    Returns:
        One (wnid, name) pair per class.

    Raises:
        UsageError: The names are unknown, or the file is invalid.
    """
    net = net or source_net(source)
    rows = output_layer(net).weight.shape[0]
    weights_file: str | None = getattr(net, 'source_file', None)
    path = os.path.splitext(weights_file)[0] + '.labels.json' if weights_file else None
    if path and os.path.isfile(path):
        labels = _read_labels(path)
    elif getattr(net, 'classes', None):
        labels = [SourceClass(None, name) for name in net.classes]
    elif rows == 1000:
        table = gluoncv().data.ImageNet1kAttr()
        labels = [SourceClass(*pair) for pair in zip(table.synset, table.classes)]
    else:
        raise UsageError(f'the source has no names for its {rows} classes: list them in '
                         f'{path or "a .labels.json file beside its weights"}')
    if len(labels) != rows:
        raise UsageError(f'{path} lists {len(labels)} classes, but the source has {rows}')
    return labels


def note_classes(net: Net, classes: list[str]) -> None:
    """Note the classes of the training images as `net.classes`, unless it has names of its own.

    Raises `UsageError` for the same names in another order: predictions would have wrong names.
    """
    names = getattr(net, 'classes', None)
    if not names:
        net.classes = list(classes)
    elif (not same_names(names, classes)
          and {*map(same_name, names)} == {*map(same_name, classes)}):
        raise UsageError(f'the net has the classes {", ".join(names)}, the data '
                         f'{", ".join(classes)}: make the net with finetune_net(source, '
                         f'classes=folders.classes)')


def check_labels(value: Any, path: StrPath) -> list[str]:
    """Return `value`, read from `path`, if it is a list of valid class names.

    Raises `UsageError` unless all names are different, none is empty, and none has control
    characters, which a terminal would obey.
    """
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise UsageError(f'{path} must be a list of class names')
    for name in value:
        if not is_valid_name(name):
            raise UsageError(f'{path} has the invalid class name {name!r}: a name is text without '
                             f'control characters')
    (name, count), = Counter(value).most_common(1)
    if count > 1:
        raise UsageError(f'{path} has the class name {name!r} more than once')
    return value


def _read_labels(path: StrPath) -> list[SourceClass]:
    labels = read_json(path)
    if not isinstance(labels, list) or not all(map(_is_label, labels)):
        raise UsageError(f'{path} must be a list of class names, or of {{"wnid": "n07697537", '
                         f'"name": "hotdog"}}')
    return [SourceClass(None, label) if isinstance(label, str)
            else SourceClass(label.get('wnid'), label['name']) for label in labels]


def _is_label(label: Any) -> bool:
    if isinstance(label, dict):
        return (isinstance(label.get('name'), str)
                and isinstance(label.get('wnid'), (str, type(None))))
    return isinstance(label, str)
