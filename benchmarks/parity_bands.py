"""The chapter's two tabs on the same photographs: test accuracy over several seeds.

    python benchmarks/parity_bands.py DATA SOURCE --out bands.csv [--seeds 5] [--json bands.json]
                                      [--image bands.png] [--write]

Both frameworks train the same network (SOURCE: weights of a resnet18_v2) from the same first
weights on the same crops in the same order: with the hyperparameters of each tab, and with those of
the other tab, converted. Runs that are in the file are not repeated. On two cores at 64
pixels a seed takes about five minutes. `--write` puts tables and image into docs/parity.md.
"""
import argparse
import csv
import dataclasses
import itertools
import os
import statistics
import types
from pathlib import Path

from report import machine, write_json

import gluon_finetune as gf
from gluon_finetune.compat.imports import mx
from gluon_finetune.config import Config
from gluon_finetune.parity.full_run import RecordedBatches, initial_net, run_mxnet, run_torch
from gluon_finetune.parity.torch_training import counterpart, pytorch
from gluon_finetune.training.hyperparameters import to_mean_gradient, to_sum_gradient

# (learning rate of the fine-tuned net, of the one from scratch) as each tab prints them.
TABS = {'MXNet': (0.01, 0.1), 'PyTorch': (5e-5, 5e-4)}
STARTS = ('fine-tuned', 'scratch')
KEY = ['seed', 'start', 'framework', 'numbers']
PAGE = Path(__file__).resolve().parents[1] / 'docs' / 'parity.md'
IMAGE = PAGE.with_name('parity-bands.png')
FIELDS = KEY + ['learning_rate', 'wd', 'epoch', 'loss', 'test_acc']


def main():
    args = make_parser().parse_args()
    try:
        pytorch()
    except gf.UsageError as error:   # PyTorch is not installed
        raise SystemExit(str(error)) from None
    done = {tuple(row[name] for name in KEY) for row in read(args.out)}
    folders = in_memory(gf.ImageFolders(args.data))
    for seed in range(args.seeds):
        config, batches = Config(seed=seed, image_size=args.image_size, source=args.source), None
        for key in itertools.product([str(seed)], STARTS, TABS, TABS):
            if key not in done:
                batches = batches or RecordedBatches(folders, config)
                rows = run(config, batches, folders.classes, *key[1:])
                append(args.out, [dict(zip(KEY, key), **row) for row in rows])
                print(*key, *(f'{row["test_acc"]:.3f}' for row in rows), flush=True)
    rows = read(args.out)
    bands = [band(rows, *key) for key in itertools.product(STARTS, TABS, TABS)]
    pairs = [agreement(bands, *key) for key in itertools.product(STARTS, TABS)]
    text = f'{table(bands)}\n\n{agreement_table(pairs)}'
    print(text)
    write_json(args.json, {'machine': machine(), 'bands': bands, 'agreement': pairs})
    if args.image or args.write:
        draw(rows, args.image or IMAGE)
    if args.write:
        write(text)


def make_parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('data')
    parser.add_argument('source')
    parser.add_argument('--out', default='bands.csv')
    parser.add_argument('--json')
    parser.add_argument('--image')
    parser.add_argument('--write', action='store_true', help='update docs/parity.md and its image')
    parser.add_argument('--seeds', type=int, default=5)
    parser.add_argument('--image-size', type=int, default=64)
    return parser


def in_memory(folders):
    """Return the same images, decoded once."""
    train, test = (mx.gluon.data.SimpleDataset(list(part))
                   for part in (folders.train, folders.test))
    return types.SimpleNamespace(train=train, test=test, classes=folders.classes)


def run(config, batches, classes, begin, framework, tab):
    """Return one run, a dict per epoch. PyTorch steps on the sum, MXNet on the mean."""
    learning_rate, wd = TABS[tab][begin == 'scratch'], config.wd
    if framework != tab:
        translate = to_mean_gradient if framework == 'MXNet' else to_sum_gradient
        learning_rate, wd = translate(learning_rate, wd, config.batch_size)
    config = dataclasses.replace(config, scratch=begin == 'scratch', learning_rate=learning_rate,
                                 wd=wd)
    net = initial_net(config, classes)
    if framework == 'MXNet':
        curve = run_mxnet(net, config, batches)
    else:
        curve = run_torch(counterpart(net, net.network), net.network, config, batches, by_sum=True)
    return [{'learning_rate': learning_rate, 'wd': wd, 'epoch': epoch,
             'loss': sum(losses) / len(losses), 'test_acc': test_acc}
            for epoch, (losses, test_acc) in enumerate(zip(*curve), 1)]


def read(path):
    """Return the lines written so far."""
    if not os.path.exists(path):
        return []
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def append(path, rows):
    new = not os.path.exists(path)
    with open(path, 'a', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, FIELDS)
        if new:
            writer.writeheader()
        writer.writerows(rows)


def accuracies(rows, begin, framework, tab):
    """Return {epoch: the accuracy of each seed}."""
    found = {}
    for row in rows:
        if (row['start'], row['framework'], row['numbers']) == (begin, framework, tab):
            found.setdefault(int(row['epoch']), []).append(float(row['test_acc']))
    return found


def band(rows, begin, framework, tab):
    """Return the distribution over the seeds of the accuracy after the last epoch."""
    last = max(accuracies(rows, begin, framework, tab).items())[1]
    return {'start': begin, 'framework': framework, 'numbers': tab, 'seeds': len(last),
            'mean': statistics.mean(last), 'deviation': statistics.stdev(last),
            'min': min(last), 'max': max(last)}


def agreement(bands, begin, tab):
    """Compare the means of both frameworks with the deviation between seeds."""
    mxnet, torch = (found for framework in TABS for found in bands
                    if (found['start'], found['framework'], found['numbers'])
                    == (begin, framework, tab))
    difference = mxnet['mean'] - torch['mean']
    deviation = max(mxnet['deviation'], torch['deviation'])
    return {'start': begin, 'numbers': tab, 'difference': difference, 'deviation': deviation,
            'agree': abs(difference) <= deviation}


def table(bands):
    """Return a table of the last accuracies by framework and hyperparameters."""
    return '\n'.join([
        '| start | framework | numbers of | test accuracy | min–max | seeds |',
        '|---|---|---|---|---|---|',
        *('| {start} | {framework} | the {numbers} tab | {mean:.3f} ± {deviation:.3f} | '
          '{min:.3f}–{max:.3f} | {seeds} |'.format(**found) for found in bands)])


def agreement_table(pairs):
    """Return a table of the differences between the frameworks."""
    return '\n'.join([
        '| start | numbers of | MXNet - PyTorch | deviation between seeds | means agree |',
        '|---|---|---:|---:|---|',
        *('| {start} | the {numbers} tab | {difference:+.3f} | {deviation:.3f} | {word} |'.format(
            word='yes' if pair['agree'] else 'no', **pair) for pair in pairs)])


def write(text):
    """Put tables between the marks of the page."""
    page = PAGE.read_text('utf-8')
    head, tail = page.split('<!-- bands -->')[0], page.split('<!-- end of bands -->')[1]
    PAGE.write_text(f'{head}<!-- bands -->\n{text}\n<!-- end of bands -->{tail}', 'utf-8')


def draw(rows, path):
    """Plot bands from the least to the most accurate seed, over the epochs."""
    from matplotlib.figure import Figure
    figure = Figure((8, 3.6), layout='tight')
    for ax, begin in zip(figure.subplots(1, 2, sharey=True), STARTS):
        for tab, colour in zip(TABS, ('#1f77b4', '#d62728')):
            for framework, style in zip(TABS, ('-', '--')):
                found = accuracies(rows, begin, framework, tab)
                ax.plot(list(found), [statistics.mean(values) for values in found.values()], style,
                        color=colour, label=f"{framework}, the {tab} tab's numbers")
                ax.fill_between(list(found), *zip(*((min(values), max(values))
                                                    for values in found.values())),
                                color=colour, alpha=0.12, linewidth=0)
        ax.set(title=begin, xlabel='epoch', ylim=(0.45, 1), xticks=list(found))
        ax.grid(True)
    figure.axes[0].set_ylabel('test accuracy')
    figure.axes[1].legend(loc='lower right', fontsize=8)
    figure.savefig(path, dpi=100)


if __name__ == '__main__':
    main()
