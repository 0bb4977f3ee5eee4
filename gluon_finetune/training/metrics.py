"""Loss, accuracy and speed of an epoch, on a progress bar."""
from __future__ import annotations

import math
import time
from typing import Any, Callable, Literal, NamedTuple

from ..compat.imports import mx
from ..errors import Diverged, UsageError
from ..progress import tqdm
from ..types import Array
from .evaluate import count_correct
from .history import Record


class Position(NamedTuple):
    """Position in a run: the current epoch, and what its finished batches add up to."""

    epoch: int       # from 1
    batch: int       # finished batches of this epoch
    examples: int    # in these batches
    loss: float      # sum over these examples
    correct: float   # examples classified correctly
    seconds: float   # since the epoch began


START = Position(1, 0, 0, 0.0, 0.0, 0.0)


class Meter:
    """Loss, accuracy and speed of the current epoch.

    Results of a batch are read after the next batch was started, so that the engine never waits for
    Python.

    Attributes:
        batch: Started batches of this epoch.
        record: `Record` of the epoch once it is finished, else None.
    """

    def __init__(self, start: Position, num_epochs: int, num_batches: int,
                 progress: bool = True) -> None:
        self.num_epochs, self.batch = num_epochs, start.batch
        self.record: Record | None = None
        self._position = start
        self._pending: tuple[list[Array], list[Array], int] | None = None
        self._bar = tqdm(total=num_epochs * num_batches, unit='batch', disable=not progress,
                         initial=(start.epoch - 1) * num_batches + start.batch)

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.close()

    def begin(self, epoch: int, learning_rate: float) -> None:
        """Start an epoch, or continue it where the run is in the middle of it."""
        if self._position.epoch != epoch:
            self._position = START._replace(epoch=epoch)
        self.batch, self.learning_rate, self.record = self._position.batch, learning_rate, None
        self._began = time.perf_counter() - self._position.seconds
        self._bar.set_description(f'epoch {epoch}/{self.num_epochs}')

    def add(self, losses: list[Array], y_hats: list[Array], y_parts: list[Array],
            examples: int) -> None:
        """Add a batch that is still being computed: one array a device, `examples` in all."""
        started = ([loss.sum() for loss in losses],
                   [count_correct(y_hat, y) for y_hat, y in zip(y_hats, y_parts)], examples)
        self._read()
        self._pending = started
        self.batch += 1

    def position(self) -> Position:
        """Return the `Position` of the run, once every batch is computed."""
        self._read()
        return self._position

    def end(self, evaluate: Callable[[], float],
            eval_part: Literal['test', 'val'] = 'test') -> None:
        """Make the `Record` of the epoch; `evaluate()` returns the accuracy on `eval_part`."""
        done = self.position()
        if not done.examples:
            raise UsageError('no examples to train on: the data set is empty')
        mx.nd.waitall()
        examples_per_sec = done.examples / (time.perf_counter() - self._began)
        acc = evaluate()
        self.record = Record(done.epoch, done.loss / done.examples, done.correct / done.examples,
                             acc if eval_part == 'test' else math.nan, examples_per_sec,
                             time.perf_counter() - self._began, self.learning_rate,
                             acc if eval_part == 'val' else math.nan)
        self._position = START._replace(epoch=done.epoch + 1)

    def _read(self) -> None:
        """Wait for the pending batch and add its results."""
        if self._pending is None:
            return
        losses, correct, examples = self._pending
        loss = sum(part.asnumpy().item() for part in losses)
        self._pending, done = None, self._position
        if not math.isfinite(loss):
            raise Diverged(
                f'the loss is {loss} in epoch {done.epoch}, batch {done.batch + 1}, at learning '
                f'rate {self.learning_rate:g}: try a smaller one, such as '
                f'{self.learning_rate / 10:g}')
        self._position = done = Position(
            done.epoch, done.batch + 1, done.examples + examples, done.loss + loss,
            done.correct + sum(part.asnumpy().item() for part in correct),
            time.perf_counter() - self._began)
        self._bar.set_postfix_str(f'loss {done.loss / done.examples:.3f}, acc '
                                  f'{done.correct / done.examples:.3f}, '
                                  f'{done.examples / done.seconds:.1f} examples/s')
        self._bar.update()
