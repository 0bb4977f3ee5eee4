"""The training loop.

Source: the chapter, "Fine-Tuning the Model", and its library's `train_ch13`.
"""
from __future__ import annotations

import random
from functools import partial
from typing import Callable, Generator, Iterable, Iterator, Literal, Sequence, cast

import numpy as np

from ..compat.gluon import devices_of
from ..compat.imports import mx
from ..compat.trainer import learning_rate_of
from ..models.input_sizes import note_image_size
from ..progress import log, shows_bars
from ..types import Array, Batch, DataIter, Device, Net, ResumableDataIter, Trainer
from .devices import split_batch, zero_idle_gradients
from .evaluate import evaluate_accuracy
from .history import History, describe, live_plot
from .metrics import START, Meter, Position

Loss = Callable[[Array, Array], Array]


def train_ch13(net: Net, train_iter: DataIter, test_iter: Iterable[Batch], loss: Loss,
               trainer: Trainer, num_epochs: int, devices: Sequence[Device] | None = None, *,
               seed: int | None = None, progress: bool = True) -> History:
    """Train a network; in a notebook, plot the curves after each epoch.

    Source: the chapter's library, `d2l.train_ch13`.

    Args:
        net: The network, initialized.
        train_iter: Training batches `(X, y)` with a length. Labels y are class numbers (batch,) or
            soft labels (batch, classes).
        test_iter: Test batches `(X, y)`.
        loss: Function of `(y_hat, y)`, one number per example.
        trainer: A `gluon.Trainer`.
        num_epochs: Number of epochs.
        devices: Devices that share each batch (default: those the net is on).
        seed: Seed of every epoch and batch; None leaves the random generators alone.
        progress: Whether to show a progress bar; in a file or a pipe, a line per epoch.

    Returns:
        The `History`, a `Record` per epoch.

    Raises:
        Diverged: The loss became NaN or infinite.
        UsageError: There are no examples.
    """
    history = History()
    for _ in recorded(history, train_steps(net, train_iter, test_iter, loss, trainer, num_epochs,
                                           devices, seed=seed, progress=progress), progress):
        pass
    return history


def recorded(history: History, steps: Iterable[Meter], progress: bool = True) -> Iterator[Meter]:
    """Yield the meters of `train_steps`, and append the `Record` of each epoch to `history`.

    A notebook shows the curves. With `progress`, a line is logged where no bar can be drawn.
    """
    redraw = live_plot()
    for meter in steps:
        if meter.record:
            history.append(meter.record)
            redraw(history)
            if progress and not shows_bars():
                log(describe(meter.record))
        yield meter


def train_steps(net: Net, train_iter: DataIter, test_iter: Iterable[Batch], loss: Loss,
                trainer: Trainer, num_epochs: int, devices: Sequence[Device] | None = None, *,
                start: Position = START, seed: int | None = None, progress: bool = True,
                evaluate: Callable[[], float] | None = None,
                eval_part: Literal['test', 'val'] = 'test') -> Generator[Meter, None, None]:
    """Yield the `Meter` after each batch from `start` on, and after each epoch.

    The caller can save, plot or stop after each of them; `meter.record` is set after an epoch. With
    a seed, every epoch and batch has its own, so a resumed run equals one that was never
    interrupted. `evaluate()` returns the accuracy after an epoch (default: that of `net` on
    `test_iter`), for example with averaged weights. It is the `test_acc` of the record, or with
    `eval_part='val'` the `val_acc`. The other parameters are those of `train_ch13`.

    Raises:
        Diverged: The loss became NaN or infinite.
        UsageError: There are no examples.
    """
    params = list(net.collect_params().values())
    net.background = getattr(train_iter, 'background', getattr(net, 'background', None))
    devices = devices or devices_of(net)
    evaluate = evaluate or partial(evaluate_accuracy, net, test_iter, devices)
    with Meter(start, num_epochs, len(train_iter), progress) as meter:
        for epoch in range(start.epoch, num_epochs + 1):
            meter.begin(epoch, learning_rate_of(trainer))
            seed_everything(seed, epoch)
            for X, y in _batches_from(train_iter, meter.batch):
                seed_layers(seed, epoch, meter.batch)
                note_image_size(net, X)
                X_parts, y_parts = split_batch(X, y, devices)
                with mx.autograd.record():
                    y_hats = [net(X_part) for X_part in X_parts]
                    losses = [loss(y_hat, y_part) for y_hat, y_part in zip(y_hats, y_parts)]
                mx.autograd.backward(losses)
                zero_idle_gradients(params, devices[len(losses):])
                trainer.step(len(X))
                meter.add(losses, y_hats, y_parts, len(X))
                yield meter
            meter.end(evaluate, eval_part)
            yield meter


def _batches_from(train_iter: DataIter, start: int) -> Iterable[Batch]:
    """Return the batches of an epoch without the first `start`, which only some iterators skip."""
    return cast(ResumableDataIter, train_iter).batches(start) if start else train_iter


def seed_everything(seed: int | None, epoch: int = 0) -> None:
    """Seed the generators of Python (images), NumPy and MXNet (weights, Dropout).

    Args:
        seed: The seed; None leaves the generators alone.
        epoch: Number that is mixed into the seed.
    """
    if seed is not None:
        mixed = _mix(seed, epoch)
        random.seed(mixed)
        np.random.seed(mixed)
        mx.random.seed(mixed)


def seed_layers(seed: int | None, epoch: int, batch: int) -> None:
    """Seed the random layers of a network, such as Dropout, for one batch."""
    if seed is not None:
        mx.random.seed(_mix(_mix(seed, epoch), batch + 1))


def _mix(seed: int, number: int) -> int:
    return (seed * 1000003 + number) % 2 ** 31
