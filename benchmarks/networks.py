"""Fine-tune every network of the zoos for one step; write the table of docs/networks.md.

    python benchmarks/networks.py [--write] [NAME ...]

Weights are random: the step shows that the network builds, that its features are copied, that its
output layer is replaced and has ten times the learning rate, with both kinds of arrays.
"""
import argparse
import sys
from pathlib import Path

import numpy as np

from gluon_finetune import finetune_net, network_names, scratch_net
from gluon_finetune.compat.imports import array, gluoncv, mx, structured_parameters
from gluon_finetune.models.input_sizes import COMMON_SIZES, fitting_sizes
from gluon_finetune.models.output import output_layer, output_name, weights
from gluon_finetune.models.zoo import GLUON, STORE_NAMES

PAGE = Path(__file__).resolve().parents[1] / 'docs' / 'networks.md'
HEADER = ('| network | zoo | weights | output layer | parameters (millions) | image sizes | '
          'NumPy-style arrays |\n|---|---|---|---|---:|---|---|')


def row(name):
    """Return one line of the table; raise any error."""
    net = scratch_net(name, 10)
    sizes = fitting_sizes(net)
    size = min(sizes)
    layer = output_layer(net)
    kind, place = type(layer).__name__, output_name(net)[:-1]
    one_step(net, size)
    with mx.util.np_shape(True), mx.util.np_array(True):
        numpy_net = scratch_net(name, 10)
        native = 'forward' not in vars(numpy_net)
        one_step(numpy_net, size)
    millions = sum(value.size for value in weights(net).values()) / 1e6
    return (f'| `{name}` | {"Gluon" if name in GLUON else "GluonCV"} | {stored(name)} | `{place}` '
            f'{kind} | {millions:.1f} | {in_words(sizes, fitting_sizes(net), size)} | '
            f'{"as written" if native else "adapted"} |')


def one_step(source, size):
    """Take one SGD step with the fine-tuned copy; raise unless every weight is as expected."""
    X = array(np.random.RandomState(0).randn(2, 3, size, size), dtype='float32')
    source.hybridize()
    source(X)
    before = weights(source)
    net = finetune_net(source, 3)
    fresh = weights(net)
    place = output_name(net)
    layer = output_layer(net)
    features = [name for name, param in structured_parameters(net).items()
                if param not in (layer.weight, layer.bias)]
    check(all((fresh[name] == before[name]).all() for name in features), 'features are not copied')
    net.hybridize()
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 1e-3})
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    with mx.autograd.record():
        mean = loss(net(X), array([0, 2])).mean()
    mean.backward()
    gradient = layer.weight.grad().asnumpy()
    trainer.step(1)
    moved = fresh[place + 'weight'] - weights(net)[place + 'weight']
    check(np.isfinite(mean.asnumpy()).all(), 'the loss is not finite')
    check(np.abs(moved - 1e-2 * gradient).max() <= 1e-6 + 1e-4 * np.abs(moved).max(),
          'the output layer does not have ten times the learning rate')
    check(all((value == before[name]).all() for name, value in weights(source).items()),
          'the source has changed')


def check(fine, complaint):
    """Raise RuntimeError with the complaint unless `fine`."""
    if not fine:
        raise RuntimeError(complaint)


def stored(name):
    """Return whether the zoo has pretrained weights."""
    store = mx.gluon.model_zoo.model_store if name in GLUON else gluoncv().model_zoo.model_store
    try:
        store.short_hash(STORE_NAMES.get(name, name))
    except ValueError:
        return 'no'
    return 'yes'


def in_words(sizes, with_weights, size):
    """Describe the valid sizes; dense layers bind a net to the size of its first batch."""
    if len(with_weights) < len(sizes):
        return f'from {sizes[0]}; with weights, the one they were made for'
    if sizes == [number for number in COMMON_SIZES if number >= sizes[0]]:
        return f'from {sizes[0]}'
    return ', '.join(map(str, sizes))


def main():
    """Print the table; return 1 if a network failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('names', nargs='*', metavar='NAME', help='networks (default: all)')
    parser.add_argument('--write', action='store_true', help='put the table into docs/networks.md')
    options = parser.parse_args()
    rows, failures = [], []
    for name in options.names or network_names():
        try:
            rows.append(row(name))
        except Exception as error:
            failures.append(name)
            rows.append(f'| `{name}` | does not train here: {" ".join(str(error).split())[:80]} |')
        print(rows[-1], flush=True)
    if options.write:
        text = PAGE.read_text(encoding='utf-8')
        head, tail = text.split('<!-- table -->')[0], text.split('<!-- end of table -->')[1]
        PAGE.write_text('\n'.join([head + '<!-- table -->', HEADER, *rows, '<!-- end of table -->'])
                        + tail, encoding='utf-8')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
