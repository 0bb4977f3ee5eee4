"""Names the classes that a source network tells apart; knows nothing about those of the target."""
import json
import os
from collections import namedtuple

from ..compat import gluoncv
from ..errors import UsageError
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


def _read_labels(path):
    try:
        with open(path, encoding='utf-8') as file:
            labels = json.load(file)
        if not isinstance(labels, list):
            raise TypeError
        return [SourceClass(None, label) if isinstance(label, str)
                else SourceClass(label.get('wnid'), label['name']) for label in labels]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f'{path} must be a list of names, or of {{"wnid": "n07697537", '
                         f'"name": "hotdog"}}') from None
