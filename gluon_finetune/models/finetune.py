"""Turns a source network into one for new classes; does not know where the source comes from."""
import difflib

from ..compat.imports import array, mx, set_attribute, value_of
from ..errors import UsageError
from .labels import source_labels
from .output import copy_net, output_layer, replace_output
from .source import load_source, remember, source_net
from .zoo import build_net


def finetune_net(source='resnet18_v2', classes=2, *, network=None, lr_mult=10):
    """Return a new network with the source's features and a fresh output layer, on the CPU.

    `source` and `network` as in `source_net`; a net that is passed stays as it is. `classes` is a
    number or a list of names. `net.output` starts from Xavier (bias 0) and learns at `lr_mult`
    times the rate. Raises `UsageError` and `WorkError`. The chapter: "Defining and Initializing
    the Model".
    """
    count, names = check_classes(classes)
    net = load_source(source, network, features_only=True)
    if net is source:
        net = copy_net(net)  # assigning its features would train the source too
    layer = replace_output(net, count)
    layer.initialize(mx.init.Xavier(), mx.cpu())
    set_attribute(layer.collect_params(), 'lr_mult', lr_mult)
    return remember(net, getattr(net, 'network', None) or network, classes=names)


def scratch_net(name='resnet18_v2', classes=2):
    """Return the untrained twin of `finetune_net`: Xavier everywhere, one rate, on the CPU."""
    count, names = check_classes(classes)
    net = build_net(name)
    replace_output(net, count)
    net.initialize(mx.init.Xavier(), mx.cpu())
    return remember(net, name, classes=names)


def reuse_source_class(net, source, classes):
    """Start the output rows of `net` for some classes from rows of the source, and return `net`.

    `classes` maps a class of `net` to the source's WordNet id or name: {'hotdog': 'n07697537'};
    `source` as in `source_net`. Raises `UsageError` for a class nobody knows or that is not unique.
    The chapter: exercise 4.
    """
    origin = source_net(source)
    labels = source_labels(source, origin)
    ours, theirs = output_layer(net), output_layer(origin)
    if ours.weight.shape[1:] != theirs.weight.shape[1:]:
        raise UsageError(f'the rows of the source have {theirs.weight.shape[1:]} weights, those of '
                         f'the net {ours.weight.shape[1:]}: they must come from the same network')
    for target, wanted in classes.items():
        to, row = _target_row(net, target), _source_row(labels, wanted)
        for mine, other in ((ours.weight, theirs.weight), (ours.bias, theirs.bias)):
            if mine is not None and other is not None:
                values = value_of(mine)
                values[to] = value_of(other)[row]
                mine.set_data(array(values))
    return net


def check_classes(classes):
    """Return the number of classes and their names (None for a mere number).

    Raises `UsageError` for fewer than two, a name twice, or what is neither a number nor names.
    """
    if isinstance(classes, int) and not isinstance(classes, bool):
        count, names = classes, None
    elif isinstance(classes, (list, tuple)) and all(isinstance(name, str) for name in classes):
        count, names = len(classes), list(classes)
    else:
        raise UsageError(f'classes is {classes!r}: it must be a number or a list of names')
    if count < 2:
        raise UsageError(f'classes is {classes!r}: telling apart takes at least 2')
    twice = sorted({name for name in names or () if names.count(name) > 1})
    if twice:
        raise UsageError(f'these classes are named more than once: {", ".join(twice)}')
    return count, names


def _target_row(net, name):
    names = getattr(net, 'classes', None)
    if not names:
        raise UsageError('the net does not know its classes by name: make it with a list of names')
    if name not in names:
        raise UsageError(f'the net has no class {name!r}: it has {", ".join(names)}')
    return names.index(name)


def _source_row(labels, wanted):
    rows = [row for row, label in enumerate(labels) if wanted in (label.wnid, label.name)]
    if len(rows) == 1:
        return rows[0]
    if rows:
        ids = ', '.join(str(labels[row].wnid) for row in rows)
        raise UsageError(f'the source has {len(rows)} classes called {wanted!r}: say which by its '
                         f'WordNet id, {ids}')
    near = difflib.get_close_matches(str(wanted), [label.name for label in labels], n=3)
    raise UsageError(f'the source has no class {wanted!r}: give its WordNet id or its name'
                     + (f', such as {", ".join(near)}' if near else ''))
