"""A checkpoint of a run: weights, trainer, state and best weights so far, complete in itself."""
import numpy as np

from ..compat.trainer import set_learning_rate
from ..errors import Diverged, UsageError, WorkError
from ..files.json import json_bytes, read_json
from ..models.params_file import read_params, write_params
from ..models.source import load_weights
from .snapshots import whole_snapshots, write_snapshot
from .state import State
from .trainer_state import restore_trainer, trainer_arrays, weights_of

WEIGHTS, TRAINER, BEST, STATE = 'weights.params', 'trainer.params', 'best.params', 'state.json'
MOST_BYTES = 1 << 28   # of a state: many epochs, many images left out
IDENTITY = ('config', 'source', 'pictures')
BLOCK = 1 << 20


class Checkpoint:
    """One that was found whole.

    `state` is a `State`, `identity` what the run must still have to be the same run: its settings
    and the SHA-256 of its source file and of its list of images. `weights` is the path of its
    weights; `best` that of the weights of the epoch `state.history.best` and `best_sha256` their
    hash, both None before an epoch ends.
    """

    def __init__(self, snapshot):
        path = snapshot.file(STATE)
        value = read_json(path, MOST_BYTES)
        try:
            if not isinstance(value, dict) or set(value) != {'state', 'identity', 'best'}:
                raise UsageError('it is no checkpoint')
            self.state, self.identity = State.from_json(value['state']), value['identity']
            if not (isinstance(self.identity, dict) and set(self.identity) == set(IDENTITY)
                    and isinstance(self.identity['config'], dict)):
                raise UsageError('its identity is not complete')
            if value['best'] not in ((WEIGHTS, BEST) if self.state.history else (None,)):
                raise UsageError('its best weights and its history do not belong together')
        except UsageError as error:
            raise UsageError(f'{path} cannot be used: {error}') from None
        self.snapshot, best = snapshot, value['best']
        self.weights = snapshot.file(WEIGHTS)
        self.best, self.best_sha256 = best and snapshot.file(best), best and snapshot.sums[best]

    def restore(self, net, trainer):
        """Puts weights and trainer back as they were."""
        load_weights(net, self.weights)
        restore_trainer(net, trainer, read_params(self.snapshot.file(TRAINER)))
        set_learning_rate(trainer, self.state.learning_rate)

    def copy_best(self, file):
        """Writes the best weights into an open `HashingFile`."""
        with open(self.best, 'rb') as source:
            for block in iter(lambda: source.read(BLOCK), b''):
                file.write(block)
        if file.sha256 != self.best_sha256:
            raise WorkError(f'{self.best} was changed by another program while the run went on')


def read_checkpoints(folder, say):
    """Every `Checkpoint` that is whole, the newest first; damaged ones are named to `say`.

    Raises `UsageError` where all are damaged.
    """
    found, damaged = [], []
    for snapshot, reason in whole_snapshots(folder, (WEIGHTS, TRAINER, STATE)):
        try:
            if reason is None:
                found.append(Checkpoint(snapshot))
        except UsageError as error:
            reason = str(error)
        damaged += [reason] if reason else []
    if damaged and not found:
        raise UsageError(f'no checkpoint under {folder} is whole: {"; ".join(damaged)}')
    for reason in damaged:
        say(f'{reason}: the checkpoint beside it is used')
    return found


def write_checkpoint(folder, net, trainer, state, identity, before=None):
    """Writes a `Checkpoint` beside the one `before` it and returns it.

    Raises `Diverged` for weights that are not finite, `OSError` where the disk does not take them.
    """
    weights = weights_of(net)
    _refuse_infinite(weights, state)
    arrays, history, writers, best = trainer_arrays(net, trainer, weights), state.history, {}, None
    if history and history.best is history[-1] and len(before.state.history) < len(history):
        best = WEIGHTS
    elif history:
        best, writers[BEST] = BEST, before.copy_best
    value = {'state': state.to_json(), 'identity': identity, 'best': best}
    writers[WEIGHTS] = lambda file: write_params(file, weights)
    writers[TRAINER] = lambda file: write_params(file, arrays)
    writers[STATE] = lambda file: file.write(json_bytes(value))
    return Checkpoint(write_snapshot(folder, writers))


def _refuse_infinite(weights, state):
    for name, value in weights.items():
        if not np.isfinite(value).all():
            raise Diverged(
                f'{name} is not finite in epoch {state.place.epoch} after batch '
                f'{state.place.batch}, at learning rate {state.learning_rate:g}: try a smaller '
                f'one, such as {state.learning_rate / 10:g}')
