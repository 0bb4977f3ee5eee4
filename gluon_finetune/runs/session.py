"""A training session of a run: saves checkpoints and restores one after divergence."""
from __future__ import annotations

import warnings
from typing import Iterator

from ..compat.trainer import set_learning_rate
from ..config import Config
from ..errors import Diverged, Stopped, UsageError
from ..training.history import Record
from ..training.interrupt import SIGNAL_NAMES, StopRequest, StopRequested
from ..training.metrics import START, Meter, Position
from ..training.setup import Loader
from ..types import Net, Trainer
from .checkpoint import Notify
from .directory import RunDirectory
from .state import State

MAX_REWINDS = 5   # to a 32nd of the learning rate: if that diverges too, it is not the rate
MAX_NAMED = 10    # images named in one line; the report names all


class Session:
    """The training of `net` on two loaders, saved in a run directory.

    Attributes:
        state: The `State` of the last checkpoint.
    """

    state: State
    trainer: Trainer

    def __init__(self, run: RunDirectory, net: Net, train_iter: Loader, eval_iter: Loader,
                 notify: Notify = warnings.warn) -> None:
        """Prepare a session; `notify` is called with lines for the user."""
        self.run, self.net, self.notify = run, net, notify
        self._loaders = train_iter, eval_iter
        self._num_reported = [0, 0]   # skipped images of each loader that were reported
        self._failed_restores = 0     # without a new checkpoint in between

    def start(self, trainer: Trainer) -> None:
        """Restore the last checkpoint, or in a new run write the first."""
        if self.run.last() is None:
            self.run.save_checkpoint(self.net, trainer, State(self.run.config.learning_rate))
        self._restore(trainer)

    def rewind(self, trainer: Trainer, diverged: Diverged) -> None:
        """Restore the last checkpoint and halve the learning rate, after the loss diverged.

        Where the loss diverges again before a new checkpoint, the one before the last is restored,
        as the weights in the last may already be the cause.

        Raises:
            Diverged: The settings say so, or `MAX_REWINDS` rewinds have not helped.
        """
        before = self.state
        _check_rewind(self.run.config, before, diverged)
        self._restore(trainer)
        self._failed_restores += 1
        self.state.rewinds, rate = before.rewinds + 1, before.learning_rate / 2
        self.state.learning_rate = rate
        set_learning_rate(trainer, rate)
        self.notify(f'{str(diverged).partition(": ")[0]}: restored the checkpoint at '
                    f'{describe_position(self.state.position)} and halved the learning rate to '
                    f'{rate:g} ({self.state.rewinds} of at most {MAX_REWINDS} times)')

    def _restore(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.state = self.run.restore_checkpoint(self.net, trainer, back=self._failed_restores)
        self._loaders[0].empty = self.state.empty_batches

    def records(self, steps: Iterator[Meter], request: StopRequest) -> Iterator[Record]:
        """Run `steps`, the meters of `train_steps`; yield the `Record` of each epoch once saved.

        Raises:
            Stopped: There was a signal, and the batches so far are saved. A signal during
                evaluation needs no checkpoint: a resumed run repeats the evaluation.
        """
        try:
            for meter in self._save_on_error(steps):
                stop = request.signal
                if stop or meter.record or self._is_due(meter):
                    self.save(meter)
                if meter.record:
                    yield meter.record
                if stop:
                    raise StopRequested
        except StopRequested:
            number = request.signal or 0
            raise Stopped(f'stopped by {SIGNAL_NAMES[number]} after '
                          f'{describe_position(self.state.position)}', number) from None

    def _is_due(self, meter: Meter) -> bool:
        every = self.run.config.checkpoint_every
        return every is not None and meter.batch % every == 0

    def save(self, meter: Meter) -> None:
        """Write a checkpoint at the position of the meter."""
        state, train_iter = self.state, self._loaders[0]
        state.position = meter.position()
        if meter.record and len(state.history) < meter.record.epoch:
            state.history.append(meter.record)
        state.empty_batches = train_iter.empty if state.position.batch else 0
        for loader in self._loaders:
            state.skipped.update((_printable(path), reason) for path, reason in loader.skipped)
        self.run.save_checkpoint(self.net, self.trainer, state)
        self._failed_restores = 0
        if meter.record:
            self._report_skipped(meter.record.epoch)

    def _save_on_error(self, steps: Iterator[Meter]) -> Iterator[Meter]:
        """Yield the meters; when a signal or an unreadable image ends them, save the last one."""
        meter: Meter | None = None
        try:
            for meter in steps:
                yield meter
        except StopRequested:
            if meter is not None:
                self.save(meter)
            raise
        except UsageError as error:
            if meter is None:
                raise
            self.save(meter)
            raise UsageError(f'{error}; the batches before it are saved: fix the image and '
                             f'continue with --resume, or skip it with --resume --on-bad skip'
                             ) from None

    def _report_skipped(self, epoch: int) -> None:
        new: list[tuple[str, str]] = []
        for loader, reported in zip(self._loaders, self._num_reported):
            new += loader.skipped[reported:]
        self._num_reported = [len(loader.skipped) for loader in self._loaders]
        if new:
            reasons = dict(new)
            named = '; '.join(f'{path}: {reason}'
                              for path, reason in list(reasons.items())[:MAX_NAMED])
            more = f'; and {len(reasons) - MAX_NAMED} more' if len(reasons) > MAX_NAMED else ''
            self.notify(f'epoch {epoch} skipped {len(reasons)} '
                        f'image{"s" * (len(reasons) > 1)} ({named}{more})')


def describe_position(position: Position) -> str:
    """Describe the position in a run in words."""
    if position == START:
        return 'the beginning'
    if position.batch == 0:
        return f'the end of epoch {position.epoch - 1}'
    return f'batch {position.batch} of epoch {position.epoch}'


def _check_rewind(config: Config, state: State, diverged: Diverged) -> None:
    if config.on_diverge != 'rewind':
        raise diverged
    if state.rewinds >= MAX_REWINDS:
        raise Diverged(f'{diverged}; restoring a checkpoint and halving the learning rate has not '
                       f'helped {MAX_REWINDS} times') from None


def _printable(path: str) -> str:
    """Replace half surrogate pairs, of names that are not UTF-8, which JSON cannot store."""
    return path.encode('utf-8', 'backslashreplace').decode('utf-8')
