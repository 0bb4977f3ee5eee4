"""Measures the epoch under way and shows it on a progress bar; knows nothing about networks."""
import collections
import math
import time

from ..compat.imports import mx
from ..errors import Diverged, UsageError
from ..progress import tqdm
from .evaluate import count_correct
from .history import Record

# Where a run is, in plain numbers: `batch` batches of epoch `epoch` (from 1) are done, in which
# `examples` were seen in so many `seconds`, with this sum of losses and `correct` of them right.
Place = collections.namedtuple('Place', 'epoch batch examples loss correct seconds')
START = Place(1, 0, 0, 0.0, 0.0, 0.0)


class Meter:
    """Loss, accuracy and speed of an epoch; `record` is its `Record` once it is done, else None.

    A batch is read after the next one is under way, so the engine never waits for Python.
    """

    def __init__(self, start, num_epochs, num_batches, show=True):
        self._place, self.num_epochs, self.record, self._waiting = start, num_epochs, None, None
        self._bar = tqdm(total=num_epochs * num_batches, unit='batch', disable=not show,
                         initial=(start.epoch - 1) * num_batches + start.batch)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._bar.close()

    def begin(self, epoch, learning_rate):
        """Starts an epoch, or goes on with it where the run is in the middle of it."""
        if self._place.epoch != epoch:
            self._place = START._replace(epoch=epoch)
        self.batch, self.learning_rate, self.record = self._place.batch, learning_rate, None
        self._began = time.perf_counter() - self._place.seconds
        self._bar.set_description(f'epoch {epoch}/{self.num_epochs}')

    def add(self, losses, y_hats, y_parts, examples):
        """Takes a batch still being computed: lists of one array a device, `examples` in all."""
        started = ([loss.sum() for loss in losses],
                   [count_correct(y_hat, y) for y_hat, y in zip(y_hats, y_parts)], examples)
        self._read()
        self._waiting, self.batch = started, self.batch + 1

    def place(self):
        """The `Place` of the run, once every batch is done."""
        self._read()
        return self._place

    def end(self, evaluate):
        """Makes the `Record` of the epoch; `evaluate()` gives the accuracy on the test set."""
        place = self.place()
        if not place.examples:
            raise UsageError('no examples to train on: the data set is empty')
        mx.nd.waitall()
        speed = place.examples / (time.perf_counter() - self._began)
        test_acc = evaluate()
        self.record = Record(place.epoch, place.loss / place.examples,
                             place.correct / place.examples, test_acc, speed,
                             time.perf_counter() - self._began, self.learning_rate)
        self._place = START._replace(epoch=place.epoch + 1)

    def _read(self):
        if self._waiting is None:
            return
        losses, correct, examples = self._waiting
        loss = sum(part.asnumpy().item() for part in losses)
        self._waiting, done = None, self._place
        if not math.isfinite(loss):
            raise Diverged(
                f'the loss is {loss} in epoch {done.epoch}, batch {done.batch + 1}, at learning '
                f'rate {self.learning_rate:g}: try a smaller one, such as '
                f'{self.learning_rate / 10:g}')
        self._place = done = Place(
            done.epoch, done.batch + 1, done.examples + examples, done.loss + loss,
            done.correct + sum(part.asnumpy().item() for part in correct),
            time.perf_counter() - self._began)
        self._bar.set_postfix_str(f'loss {done.loss / done.examples:.3f}, acc '
                                  f'{done.correct / done.examples:.3f}, '
                                  f'{done.examples / done.seconds:.1f} examples/s')
        self._bar.update()
