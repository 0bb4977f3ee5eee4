"""A checkpoint of a run: weights, trainer, state, and the best weights so far."""
from __future__ import annotations

from typing import Any, Callable

import numpy as np

from ..compat.trainer import set_learning_rate
from ..errors import Diverged, UsageError, WorkError
from ..files.atomic import HashingFile
from ..files.json import read_json, to_json
from ..models.params_file import read_params, write_params
from ..models.source import load_weights
from ..types import Net, NumPyArray, Trainer
from .identity import IDENTITY_KEYS, Identity
from .snapshots import Snapshot, Writers, read_snapshots, write_snapshot
from .state import State
from .trainer_state import restore_trainer, trainer_arrays, weights_of

WEIGHTS, TRAINER, BEST, STATE = 'weights.params', 'trainer.params', 'best.params', 'state.json'
MAX_BYTES = 1 << 28   # of a state: many epochs, many skipped images
BLOCK_SIZE = 1 << 20

Notify = Callable[[str], object]


class Checkpoint:
    """A complete checkpoint on the disk.

    Attributes:
        state: The `State`.
        identity: `run_identity` of the run.
        weights: Path of the weights.
        best: Path of the weights of the epoch `state.history.best`; '' before an epoch ends.
        best_sha256: Their SHA-256, or ''.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        path = snapshot.file(STATE)
        value = read_json(path, MAX_BYTES)
        try:
            self.state, self.identity, best = _parse(value)
        except UsageError as error:
            raise UsageError(f'{path} cannot be used: {error}') from None
        self.snapshot, self.weights = snapshot, snapshot.file(WEIGHTS)
        self.best = snapshot.file(best) if best else ''
        self.best_sha256 = snapshot.sums[best] if best else ''

    def restore(self, net: Net, trainer: Trainer) -> None:
        """Load weights and trainer state into `net` and `trainer`."""
        load_weights(net, self.weights)
        restore_trainer(net, trainer, read_params(self.snapshot.file(TRAINER)))
        set_learning_rate(trainer, self.state.learning_rate)

    def copy_best(self, file: HashingFile) -> None:
        """Copy the best weights into an open file."""
        with open(self.best, 'rb') as source:
            for block in iter(lambda: source.read(BLOCK_SIZE), b''):
                file.write(block)
        if file.sha256 != self.best_sha256:
            raise WorkError(f'{self.best} was changed by another program during the run')


def _parse(value: Any) -> tuple[State, Identity, str | None]:
    if not isinstance(value, dict) or set(value) != {'state', 'identity', 'best'}:
        raise UsageError('it is not the state of a checkpoint')
    state, identity, best = State.from_json(value['state']), value['identity'], value['best']
    if not (isinstance(identity, dict) and set(identity) == set(IDENTITY_KEYS)
            and isinstance(identity['config'], dict)):
        raise UsageError('its identity is incomplete')
    if best not in ((WEIGHTS, BEST) if state.history else (None,)):
        raise UsageError('its best weights do not match its history')
    return state, identity, best


def read_checkpoints(folder: str, notify: Notify) -> list[Checkpoint]:
    """Return every complete `Checkpoint`, the newest first; report corrupt ones to `notify`.

    Raises:
        UsageError: Every checkpoint is corrupt.
    """
    complete, reasons = [], []
    for snapshot, reason in read_snapshots(folder, (WEIGHTS, TRAINER, STATE)):
        try:
            if snapshot:
                complete.append(Checkpoint(snapshot))
        except UsageError as error:
            reason = str(error)
        reasons += [reason] if reason else []
    if reasons and not complete:
        raise UsageError(f'every checkpoint in {folder} is corrupt: {"; ".join(reasons)}')
    for reason in reasons:
        notify(f'{reason}; using the other checkpoint')
    return complete


def write_checkpoint(folder: str, net: Net, trainer: Trainer, state: State, identity: Identity,
                     previous: Checkpoint | None = None) -> Checkpoint:
    """Write a new checkpoint to a folder; the best weights may come from the `previous` one.

    Raises:
        Diverged: A weight is NaN or infinite.
        OSError: The disk is full, read-only or gone.
    """
    weights = weights_of(net)
    _check_finite(weights, state)
    arrays, history, best = trainer_arrays(net, trainer, weights), state.history, None
    writers: Writers = {}
    if previous and history:
        is_new = history.best is history[-1] and len(previous.state.history) < len(history)
        best = WEIGHTS if is_new else BEST
        if not is_new:
            writers[BEST] = previous.copy_best
    content = {'state': state.to_json(), 'identity': identity, 'best': best}
    writers[WEIGHTS] = lambda file: write_params(file, weights)
    writers[TRAINER] = lambda file: write_params(file, arrays)
    writers[STATE] = lambda file: file.write(to_json(content))
    return Checkpoint(write_snapshot(folder, writers))


def _check_finite(weights: dict[str, NumPyArray], state: State) -> None:
    for name, value in weights.items():
        if not np.isfinite(value).all():
            raise Diverged(
                f'{name} is NaN or infinite in epoch {state.position.epoch} after batch '
                f'{state.position.batch}, at learning rate {state.learning_rate:g}: try a smaller '
                f'one, such as {state.learning_rate / 10:g}')
