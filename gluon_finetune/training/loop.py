"""The training loop: epochs, batches, one visible optimiser step; knows nothing about files.

The chapter's section "Fine-tuning the model" and its library's `train_ch13`.
"""
import random

import numpy as np

from ..compat.gluon import devices_of
from ..compat.imports import mx
from .devices import rest, split_batch
from .evaluate import evaluate_accuracy
from .history import History, live_plot
from .metrics import START, Meter


def train_ch13(net, train_iter, test_iter, loss, trainer, num_epochs, devices=None, *,
               seed=None, progress=True):
    """Trains `net` for `num_epochs` and returns the `History`, drawn on the way in a notebook.

    `train_iter` and `test_iter` give batches (X, y), `loss` one number an example; `trainer` is a
    `gluon.Trainer`; `devices` (default: those the net is on) share each batch; `seed` as in
    `train_steps`.
    """
    history, redraw = History(), live_plot()
    for meter in train_steps(net, train_iter, test_iter, loss, trainer, num_epochs, devices,
                             seed=seed, progress=progress):
        if meter.record:
            history.append(meter.record)
            redraw(history)
    return history


def train_steps(net, train_iter, test_iter, loss, trainer, num_epochs, devices=None, *,
                start=START, seed=None, progress=True):
    """Yields the `Meter` after each batch from the place `start` on, and after each epoch.

    So its caller can save, draw or stop; `meter.record` is the `Record` of an epoch that is done.
    With a `seed` every epoch and batch begins from its own, so a run that was interrupted and
    resumed is the run that was not. Raises `Diverged` when the loss is not finite.
    """
    params = list(net.collect_params().values())
    devices = devices or devices_of(net)
    with Meter(start, num_epochs, len(train_iter), progress) as meter:
        for epoch in range(start.epoch, num_epochs + 1):
            meter.begin(epoch, trainer.learning_rate)
            seed_everything(seed, epoch)
            for X, y in train_iter.batches(meter.batch) if meter.batch else train_iter:
                seed_layers(seed, epoch, meter.batch)
                X_parts, y_parts = split_batch(X, y, devices)
                with mx.autograd.record():
                    y_hats = [net(X_part) for X_part in X_parts]
                    losses = [loss(y_hat, part) for y_hat, part in zip(y_hats, y_parts)]
                mx.autograd.backward(losses)
                rest(params, devices[len(losses):])
                trainer.step(len(X))
                meter.add(losses, y_hats, y_parts, len(X))
                yield meter
            meter.end(lambda: evaluate_accuracy(net, test_iter, devices))
            yield meter


def seed_everything(seed, epoch=0):
    """Seeds the three sources of chance: Python (images), NumPy and MXNet (weights, Dropout).

    `None` leaves them alone.
    """
    if seed is not None:
        mixed = _mix(seed, epoch)
        random.seed(mixed)
        np.random.seed(mixed)
        mx.random.seed(mixed)


def seed_layers(seed, epoch, batch):
    """Seeds what is random in the network itself, for one batch; `None` leaves it alone."""
    if seed is not None:
        mx.random.seed(_mix(_mix(seed, epoch), batch + 1))


def _mix(*numbers):
    return (numbers[0] * 1000003 + numbers[1]) % 2 ** 31
