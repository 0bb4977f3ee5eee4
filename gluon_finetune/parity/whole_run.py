"""One whole fine-tuning in both frameworks: same images, order, crops and first weights."""
import dataclasses
import os
import tempfile
from collections import namedtuple

import numpy as np

from ..compat.imports import array, mx
from ..config import DEFAULT_NETWORK, Config
from ..data.folders import ImageFolders
from ..data.loader import load_data
from ..models.finetune import finetune_net, scratch_net
from ..synthetic.dataset import draw_hotdogs
from ..training.loop import seed_everything, train_steps
from ..training.setup import prepare
from .inputs import Recipe
from .torch_tools import accuracy, make_trainer, step, twin_of

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
    net(array(np.zeros((1, 3, config.image_size, config.image_size))))
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
    steps = train_steps(net, Passes(batches.train), test, recorded, trainer, config.num_epochs,
                        [mx.cpu()], progress=False)
    test_accs = [meter.record.test_acc for meter in steps if meter.record]
    losses = np.array([loss.asnumpy().item() for loss in losses])
    return Curve(losses.reshape(config.num_epochs, -1).tolist(), test_accs)


def run_there(twin, network, config, batches, by_sum=False):
    """Train `twin` in a loop like that of the chapter's PyTorch tab; return the `Curve`.

    Learning rate and decay of `config` are for the mean over a batch, with `by_sum` for the sum.
    """
    recipe = Recipe(network, learning_rate=config.learning_rate, wd=config.wd,
                    lr_mult=1 if config.scratch else config.lr_mult)
    trainer, losses, test_accs = make_trainer(twin, recipe), [], []
    for epoch in batches.train:
        twin.train()
        losses.append([step(twin, trainer, X, y, by_sum) for X, y in epoch])
        test_accs.append(accuracy(twin, batches.test))
    return Curve(losses, test_accs)


def compare_by_default(data=None, source=None):
    """`compare_runs` on the folder `data`, from the weights in the file `source`.

    Without them, on images that are drawn, from random weights and at a rate that these stand.
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
        twin = twin_of(net, net.network)
        curves[f'MXNet, seed {seed}'] = run_here(net, config, batches)
    curves['PyTorch, seed 0'] = run_there(twin, net.network, config, batches)
    return curves
