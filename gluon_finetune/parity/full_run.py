"""A full training run in both frameworks, with the same images, order, crops and first weights."""
from __future__ import annotations

import dataclasses
import os
import tempfile
from typing import Any, Iterable, Iterator, List, Sequence, Tuple

import numpy as np

from ..compat.imports import array, mx
from ..config import DEFAULT_NETWORK, Config
from ..data.folders import ImageFolders
from ..data.loader import load_data
from ..models.finetune import finetune_net, scratch_net
from ..synthetic.dataset import draw_hotdogs
from ..training.loop import seed_everything, train_steps
from ..training.setup import prepare
from ..types import Array, Net, NumPyArray, StrPath
from .curves import Curve
from .inputs import Recipe
from .torch_training import Model, accuracy, counterpart, make_trainer, step

SEEDS = 3   # the first in both frameworks; the others, in MXNet only, show the effect of chance

NumPyBatches = List[Tuple[NumPyArray, NumPyArray]]   # (X, y) of each batch


class RecordedBatches:
    """All batches of a run: in `train` a list for each epoch, in `test` one list."""

    def __init__(self, folders: Any, config: Config) -> None:
        train_iter, test_iter = load_data(folders, config.batch_size, config.image_size,
                                          chapter_batches=config.chapter_batches)
        self.train: list[NumPyBatches] = []
        for epoch in range(1, config.num_epochs + 1):
            seed_everything(config.seed, epoch)
            self.train.append(as_numpy(train_iter))
        self.test = as_numpy(test_iter)


class Replay:
    """A `train_iter` that yields recorded batches, those of the next epoch in each pass."""

    def __init__(self, epochs: Sequence[NumPyBatches]) -> None:
        self.num_batches, self.epochs = len(epochs[0]), iter(epochs)

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        return ((array(X), array(y)) for X, y in next(self.epochs))


def as_numpy(data_iter: Iterable[tuple[Array, Array]]) -> NumPyBatches:
    """Return the batches of a data loader, with labels in PyTorch's dtype, int64."""
    return [(X.asnumpy(), y.asnumpy().astype('int64')) for X, y in data_iter]


def initial_net(config: Config, classes: Sequence[str]) -> Net:
    """Return the net with which a run starts; it depends on nothing but `config`."""
    seed_everything(config.seed)
    if not config.scratch:
        return finetune_net(config.source, classes, network=config.network, lr_mult=config.lr_mult)
    net = scratch_net(config.network or DEFAULT_NETWORK, classes)
    net(array(np.zeros((1, 3, config.image_size, config.image_size))))
    return net


def run_mxnet(net: Net, config: Config, batches: RecordedBatches) -> Curve:
    """Train `net` in this package's own loop."""
    loss, trainer = prepare(net, config, len(net.output.weight.data()), [mx.cpu()])
    losses = []

    def recorded_loss(y_hat: Array, y: Array) -> Array:
        batch_loss = loss(y_hat, y)
        losses.append(batch_loss.mean())
        return batch_loss
    test = [(array(X), array(y)) for X, y in batches.test]
    steps = train_steps(net, Replay(batches.train), test, recorded_loss, trainer,
                        config.num_epochs, [mx.cpu()], progress=False)
    test_accs = [meter.record.test_acc for meter in steps if meter.record]
    values = np.array([loss.asnumpy().item() for loss in losses])
    return Curve(values.reshape(config.num_epochs, -1).tolist(), test_accs)


def run_torch(model: Model, network: str, config: Config, batches: RecordedBatches,
              by_sum: bool = False) -> Curve:
    """Train `model` in a loop like that of the chapter's PyTorch tab.

    Learning rate and weight decay of `config` apply to the mean loss of a batch, with `by_sum` to
    the sum.
    """
    recipe = Recipe(network, learning_rate=config.learning_rate, wd=config.wd,
                    lr_mult=1 if config.scratch else config.lr_mult)
    trainer = make_trainer(model, recipe)
    curve = Curve([], [])
    for epoch in batches.train:
        model.train()
        curve.losses.append([step(model, trainer, X, y, by_sum) for X, y in epoch])
        curve.test_accs.append(accuracy(model, batches.test))
    return curve


def compare_default_runs(data: StrPath | None = None,
                         source: str | None = None) -> dict[str, Curve]:
    """Compare runs on the images in the folder `data`, from the weights in the file `source`.

    Defaults are synthetic images and random weights, for which the learning rate is smaller.
    """
    config = Config(source=source, scratch=source is None, image_size=64, batch_size=32,
                    num_epochs=3, learning_rate=0.01 if source else 0.001)
    with tempfile.TemporaryDirectory() as folder:
        data = data or draw_hotdogs(os.path.join(folder, 'hotdog'), 64, 16)
        return compare_runs(ImageFolders(data), config)


def compare_runs(folders: Any, config: Config) -> dict[str, Curve]:
    """Train in MXNet with `SEEDS` seeds, then in PyTorch with seed 0; return all curves by name."""
    curves = {}
    for seed in reversed(range(SEEDS)):
        config = dataclasses.replace(config, seed=seed)
        batches, net = RecordedBatches(folders, config), initial_net(config, folders.classes)
        model = counterpart(net, net.network)
        curves[f'MXNet, seed {seed}'] = run_mxnet(net, config, batches)
    curves['PyTorch, seed 0'] = run_torch(model, net.network, config, batches)
    return curves
