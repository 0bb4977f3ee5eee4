"""Names the classes that a source network tells apart; knows nothing about those of the target."""
import os
import unicodedata
from collections import Counter, namedtuple

from ..compat.imports import gluoncv
from ..errors import UsageError
from ..files.json import read_json
from .output import output_layer
from .source import source_net

SourceClass = namedtuple('SourceClass', 'wnid name')


def source_labels(source, net=None):
    """Return the classes of a source in the order of its output rows, as (wnid, name) pairs.

    They stand beside its file, in one that ends in .labels.json instead of .params, or are
    ImageNet's thousand. `net` is the loaded source, where it is at hand. Raises `UsageError` if
    nobody knows them.
    """
    net = net or source_net(source)
    rows = output_layer(net).weight.shape[0]
    file = getattr(net, 'source_file', None)
    path = file and os.path.splitext(file)[0] + '.labels.json'
    if path and os.path.isfile(path):
        labels = _read_labels(path)
    elif rows == 1000:
        table = gluoncv().data.ImageNet1kAttr()
        labels = [SourceClass(*pair) for pair in zip(table.synset, table.classes)]
    else:
        raise UsageError(f'nobody knows what the {rows} classes of the source are called: write '
                         f'their names into {path or "a .labels.json file beside its weights"}')
    if len(labels) != rows:
        raise UsageError(f'{path} names {len(labels)} classes, the source has {rows}')
    return labels


def check_labels(value, path):
    """Return `value`, read from `path`, if it is a list of names that can tell classes apart.

    Raises `UsageError` for anything but different texts, none of them empty or with control
    characters, which can do more to a terminal than print.
    """
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise UsageError(f'{path} must be a list of the names of classes')
    for name in value:
        if not name or any(unicodedata.category(letter) in ('Cc', 'Cs') for letter in name):
            raise UsageError(f'{path} has a class {name!r}: a name is a text without control '
                             f'characters')
    (most, count), = Counter(value).most_common(1)
    if count > 1:
        raise UsageError(f'{path} has the class {most!r} twice')
    return value


def _read_labels(path):
    labels = read_json(path)
    if not isinstance(labels, list) or not all(map(_is_label, labels)):
        raise UsageError(f'{path} must be a list of names, or of {{"wnid": "n07697537", '
                         f'"name": "hotdog"}}')
    return [SourceClass(None, label) if isinstance(label, str)
            else SourceClass(label.get('wnid'), label['name']) for label in labels]


def _is_label(label):
    if isinstance(label, dict):
        return (isinstance(label.get('name'), str)
                and isinstance(label.get('wnid'), (str, type(None))))
    return isinstance(label, str)
