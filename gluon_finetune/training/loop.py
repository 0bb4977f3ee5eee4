"""The training loop: epochs, batches, one visible optimiser step; knows nothing about files.

The chapter's section "Fine-tuning the model" and its library's `train_ch13`.
"""
import math
import random
import time

import numpy
from tqdm import tqdm

from ..compat import mx
from ..compat_gluon import devices_of
from ..errors import UsageError, WorkError
from .devices import rest, split_batch
from .evaluate import count_correct, evaluate_accuracy
from .history import History, Record, live_plot


def train_ch13(net, train_iter, test_iter, loss, trainer, num_epochs, devices=None, *,
               seed=None, progress=True):
    """Trains `net` for `num_epochs` and returns the `History`, drawn on the way in a notebook.

    `train_iter` and `test_iter` give batches (X, y), `loss` one number an example; `trainer` is a
    `gluon.Trainer`; `devices` (default: those the net is on) share each batch; `seed` as in
    `train_epochs`.
    """
    history, redraw = History(), live_plot()
    for record in train_epochs(net, train_iter, test_iter, loss, trainer, num_epochs, devices,
                               seed=seed, progress=progress):
        history.append(record)
        redraw(history)
    return history


def train_epochs(net, train_iter, test_iter, loss, trainer, num_epochs, devices=None, *,
                 start=0, seed=None, progress=True):
    """Yields the `Record` of each epoch after `start`, so that its caller can save or draw between.

    With a `seed` every epoch begins from its own, so a run that was interrupted and resumed is the
    run that was not. Raises `WorkError` when the loss is not finite.
    """
    params = list(net.collect_params().values())
    devices = devices or devices_of(net)
    bar = tqdm(total=(num_epochs - start) * len(train_iter), unit='batch', disable=not progress)
    with bar:
        for epoch in range(start + 1, num_epochs + 1):
            seed_everything(seed, epoch)
            meter, began = Meter(bar, epoch, num_epochs, trainer.learning_rate), time.perf_counter()
            for X, y in train_iter:
                X_parts, y_parts = split_batch(X, y, devices)
                with mx.autograd.record():
                    y_hats = [net(X_part) for X_part in X_parts]
                    losses = [loss(y_hat, part) for y_hat, part in zip(y_hats, y_parts)]
                mx.autograd.backward(losses)
                rest(params, devices[len(losses):])
                trainer.step(len(X))
                meter.add(losses, y_hats, y_parts, len(X))
            train_loss, train_acc, speed = meter.totals()
            test_acc = evaluate_accuracy(net, test_iter, devices)
            yield Record(epoch, train_loss, train_acc, test_acc, speed,
                         time.perf_counter() - began, trainer.learning_rate)


class Meter:
    """Loss, accuracy and speed of one epoch, shown on the progress bar.

    A batch is read after the next one is under way, so the engine never waits for Python.
    """

    def __init__(self, bar, epoch, num_epochs, learning_rate):
        self.bar, self.epoch, self.learning_rate = bar, epoch, learning_rate
        self.batch = self.examples = self.loss = self.correct = 0
        self.waiting, self.began = None, time.perf_counter()
        bar.set_description(f'epoch {epoch}/{num_epochs}')

    def add(self, losses, y_hats, y_parts, examples):
        """Takes a batch still being computed: lists of one array a device, `examples` in all."""
        started = ([loss.sum() for loss in losses],
                   [count_correct(y_hat, y) for y_hat, y in zip(y_hats, y_parts)], examples)
        self._read()
        self.waiting = started

    def totals(self):
        """Mean loss, accuracy and examples per second, once every batch is done."""
        self._read()
        if not self.examples:
            raise UsageError('no examples to train on: the data set is empty')
        mx.nd.waitall()
        return (self.loss / self.examples, self.correct / self.examples,
                self.examples / (time.perf_counter() - self.began))

    def _read(self):
        if self.waiting is None:
            return
        losses, correct, examples = self.waiting
        loss = sum(part.asnumpy().item() for part in losses)
        self.waiting, self.batch = None, self.batch + 1
        if not math.isfinite(loss):
            raise WorkError(
                f'the loss is {loss} in epoch {self.epoch}, batch {self.batch}, at learning rate '
                f'{self.learning_rate:g}: try a smaller one, such as {self.learning_rate / 10:g}')
        self.loss += loss
        self.correct += sum(c.asnumpy().item() for c in correct)
        self.examples += examples
        speed = self.examples / (time.perf_counter() - self.began)
        self.bar.set_postfix_str(f'loss {self.loss / self.examples:.3f}, acc '
                                 f'{self.correct / self.examples:.3f}, {speed:.1f} examples/s')
        self.bar.update()


def seed_everything(seed, epoch=0):
    """Seeds the three sources of chance: Python (crops), NumPy (order) and MXNet (flips, weights).

    `None` leaves them alone.
    """
    if seed is not None:
        mixed = (seed * 1000003 + epoch) % 2 ** 31
        random.seed(mixed)
        numpy.random.seed(mixed)
        mx.random.seed(mixed)
