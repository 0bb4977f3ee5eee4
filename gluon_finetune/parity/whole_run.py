"""One whole fine-tuning in both frameworks: same pictures, order, crops and first weights."""
import dataclasses
import os
import tempfile
from collections import namedtuple

import numpy

from ..compat import array, mx
from ..config import DEFAULT_NETWORK, Config
from ..data.drawn import draw_hotdogs
from ..data.folders import ImageFolders
from ..data.loader import load_data
from ..models.finetune import finetune_net, scratch_net
from ..training.fine_tuning import prepare
from ..training.history import save_figure
from ..training.loop import seed_everything, train_epochs
from . import theirs
from .inputs import Recipe
from .rows import DIFFERS, EQUAL, Row, share

WHOLE_RUN = 'a whole run'
SEEDS = 3   # the first in both frameworks, the others here alone: to see what chance does

# `losses`: the mean loss of each batch, a list for each epoch. `test_accs`: one for each epoch.
Curve = namedtuple('Curve', 'losses test_accs')


class Batches:
    """Every batch of a run as NumPy arrays: in `train` a list for each epoch, in `test` one."""

    def __init__(self, folders, config):
        train_iter, test_iter = load_data(folders, config.batch_size, config.image_size)
        self.train = []
        for epoch in range(1, config.num_epochs + 1):
            seed_everything(config.seed, epoch)
            self.train.append(as_numpy(train_iter))
        self.test = as_numpy(test_iter)


class Passes:
    """A `train_iter` each of whose passes is another epoch."""

    def __init__(self, epochs):
        self.length, self.epochs = len(epochs[0]), iter(epochs)

    def __len__(self):
        return self.length

    def __iter__(self):
        return ((array(X), array(y)) for X, y in next(self.epochs))


def as_numpy(data_iter):
    """The batches of a DataLoader, with labels as PyTorch wants them."""
    return [(X.asnumpy(), y.asnumpy().astype('int64')) for X, y in data_iter]


def start(config, classes):
    """The net a run begins with, the same for the same seed."""
    seed_everything(config.seed)
    if not config.scratch:
        return finetune_net(config.source, classes, network=config.network, lr_mult=config.lr_mult)
    net = scratch_net(config.network or DEFAULT_NETWORK, classes)
    net(array(numpy.zeros((1, 3, config.image_size, config.image_size))))
    return net


def run_here(net, config, batches):
    """Train `net` in this package's own loop; return the `Curve`."""
    loss, trainer = prepare(net, config, len(net.output.weight.data()), [mx.cpu()])
    losses = []

    def recorded(y_hat, y):
        found = loss(y_hat, y)
        losses.append(found.mean())
        return found
    test = [(array(X), array(y)) for X, y in batches.test]
    records = list(train_epochs(net, Passes(batches.train), test, recorded, trainer,
                                config.num_epochs, [mx.cpu()], progress=False))
    losses = numpy.array([loss.asnumpy().item() for loss in losses])
    return Curve(losses.reshape(config.num_epochs, -1).tolist(),
                 [record.test_acc for record in records])


def run_there(twin, network, config, batches, by_sum=False):
    """Train `twin` in a loop like that of the chapter's PyTorch tab; return the `Curve`.

    Learning rate and decay of `config` are for the mean over a batch, with `by_sum` for the sum.
    """
    recipe = Recipe(network, learning_rate=config.learning_rate, wd=config.wd,
                    lr_mult=1 if config.scratch else config.lr_mult)
    trainer, losses, test_accs = theirs.make_trainer(twin, recipe), [], []
    for epoch in batches.train:
        twin.train()
        losses.append([theirs.step(twin, trainer, X, y, by_sum) for X, y in epoch])
        test_accs.append(theirs.accuracy(twin, batches.test))
    return Curve(losses, test_accs)


def compare_by_default(data=None, source=None):
    """`compare_runs` on the folder `data`, from the weights in the file `source`.

    Without them, on pictures that are drawn, from random weights and at a rate that these stand.
    """
    config = Config(source=source, scratch=source is None, image_size=64, batch_size=32,
                    num_epochs=3, learning_rate=0.01 if source else 0.001)
    with tempfile.TemporaryDirectory() as folder:
        data = data or draw_hotdogs(os.path.join(folder, 'hotdog'), 64, 16)
        return compare_runs(ImageFolders(data), config)


def compare_runs(folders, config):
    """Train `SEEDS` times here and once there; return {name: `Curve`}, PyTorch's last."""
    curves = {}
    for seed in reversed(range(SEEDS)):
        config = dataclasses.replace(config, seed=seed)
        batches, net = Batches(folders, config), start(config, folders.classes)
        twin = theirs.twin_of(net, net.network)
        curves[f'MXNet, seed {seed}'] = run_here(net, config, batches)
    curves['PyTorch, seed 0'] = run_there(twin, net.network, config, batches)
    return curves


def curve_row(curves):
    """The `Row` of the losses of seed 0, epoch by epoch; tolerance: how far the seeds are apart."""
    *here, there = [[numpy.mean(epoch) for epoch in curve.losses] for curve in curves.values()]
    spreads = [max(losses) - min(losses) for losses in zip(*here)]
    apart = [abs(one - other) for one, other in zip(here[-1], there)]
    worst = max(range(len(apart)), key=lambda epoch: share(apart[epoch], spreads[epoch]))
    verdict = EQUAL if apart[worst] <= spreads[worst] else DIFFERS
    accs = [curve.test_accs[-1] for curve in curves.values()]
    return Row(WHOLE_RUN, spreads[worst], apart[worst], verdict, None, None, None,
               f'loss of an epoch, spread of {len(here)} seeds; accuracy {accs[-2]:.3f}, '
               f'{accs[-1]:.3f}')


def plot_runs(curves, path):
    """Draw the loss of every batch, PyTorch's over MXNet's, into the file `path`."""
    from matplotlib.figure import Figure
    figure = Figure((7, 4), layout='tight')
    ax = figure.add_subplot()
    for name, curve in curves.items():
        losses = [loss for epoch in curve.losses for loss in epoch]
        first, torch = name.endswith('seed 0'), name.startswith('PyTorch')
        ax.plot(range(1, len(losses) + 1), losses, label=name, linestyle='--' if torch else '-',
                color=('#d62728' if torch else '#1f77b4') if first else '#c8c8c8',
                linewidth=1.8 if first else 1)
    ax.set(xlabel='batch', ylabel='loss', ylim=(0, None))
    ax.grid(True)
    ax.legend()
    save_figure(figure, path)
    return ax
