"""The run directory: settings, history and weights as files; knows nothing about training."""
import contextlib
import copy
import dataclasses
import os
import tempfile
import warnings

from ..config import Config
from ..data.split import read_split
from ..errors import UsageError, WorkError
from ..files.atomic import atomic_write
from ..files.hashing import file_sha256
from ..files.json import read_json, read_json_as, write_json
from ..models.labels import check_labels
from ..training.history import History
from .checkpoint import BEST, read_checkpoints, write_checkpoint
from .manifest import Manifest
from .snapshots import KEPT, discard_others


class RunDirectory:
    """A folder with `config.json`, `labels.json`, `history.csv`, `best.params`, `checkpoint/`.

    `create` makes one and never touches a folder that has something in it; `open` reads one back.
    A checkpoint is complete in itself; `history.csv` and `best.params` repeat what the last one
    has, for those who read a run without this package, or without its checkpoints.
    """

    def __init__(self, path, config, classes, split=None, identity=None):
        self.path, self.config, self.classes, self.split = path, config, classes, split
        self.identity, self._checkpoints, self._current = identity, None, None

    @classmethod
    def create(cls, path, config, classes, split=None, images=None):
        """`images` is the `Manifest` of what it will be trained on.

        Raises `UsageError` when `path` has something in it or cannot be written.
        """
        check_free(path)
        run = cls(path, config, list(classes), split, identify(config, images))
        os.makedirs(run.file('checkpoint'), exist_ok=True)
        write_json(run.file('config.json'), dataclasses.asdict(config))
        write_json(run.file('labels.json'), run.classes)
        if split is not None:
            write_json(run.file('split.json'), split)
        if images is not None:
            with atomic_write(run.file('pictures.csv')) as file:
                file.write(images.to_csv())
        return run

    @classmethod
    def open(cls, path):
        """Raises `UsageError` when `path` is not a run directory."""
        if not os.path.isdir(path):
            raise UsageError(f'no such run: {path} (expected a folder that `gluon-finetune train` '
                             f'wrote)')
        labels, split = (os.path.join(path, name) for name in ('labels.json', 'split.json'))
        try:
            config = read_json_as(os.path.join(path, 'config.json'), Config)
            classes = check_labels(read_json(labels), labels)
            split = read_split(split) if os.path.exists(split) else None
        except UsageError as error:
            raise UsageError(f'{path} is not a run of `gluon-finetune train`, or damaged: '
                             f'{error}') from None
        return cls(path, config, classes, split)

    def file(self, *names):
        """Path of a file of the run."""
        return os.path.join(self.path, *names)

    @property
    def images(self):
        """The `Manifest` of what the run is trained on; empty where that is not known."""
        path = self.file('pictures.csv')
        return Manifest.from_csv(path) if os.path.exists(path) else Manifest()

    @property
    def history(self):
        """The epochs that are done, as the last checkpoint knows them."""
        last = self.last()
        if last:
            return last.state.history
        path = self.file('history.csv')
        return History.from_csv(path) if os.path.exists(path) else History()

    @property
    def best_weights(self):
        """Path of the weights of the epoch `history.best`."""
        last = self.last()
        return last.best if last else self.file(BEST)

    def last(self, say=warnings.warn):
        """The newest `Checkpoint` that is whole, or None; damaged ones are named to `say`."""
        return next(iter(self._whole(say)), None)

    def go_on(self, config, started):
        """Takes settings that may have changed since the run was `started` (its identity)."""
        self.config, self.identity = config, {**started, 'config': dataclasses.asdict(config)}
        with saving(self.path):
            write_json(self.file('config.json'), self.identity['config'])

    def started_on(self, folders):
        """`folders` with the images that the run was started on, also those gone since."""
        images = self.images
        return images.restore(folders) if images else folders

    def save(self, net, trainer, state):
        """Writes a checkpoint to go on from, and what others read, if an epoch was done.

        A break at any time leaves this checkpoint or the one before. Raises `WorkError` where the
        disk does not take it, `Diverged` for weights that are not finite.
        """
        folder, older = self.file('checkpoint'), self._whole()
        with saving(self.path):
            self._current = write_checkpoint(folder, net, trainer, state, self.identity,
                                             self._current)
            self._checkpoints = [self._current] + older[:KEPT - 1]
            if state.place.batch == 0:
                self._publish()

    def restore(self, net, trainer, back=0):
        """Puts a checkpoint into `net` and `trainer` and returns its `State`.

        `back=1` goes to the one before the last, if it is there.
        """
        whole = self._whole()
        self._current = whole[min(back, len(whole) - 1)]
        self._current.restore(net, trainer)
        with saving(self.path):
            discard_others(self.file('checkpoint'), [checkpoint.snapshot for checkpoint in whole])
            self._publish()
        return copy.deepcopy(self._current.state)

    def _whole(self, say=warnings.warn):
        """Every `Checkpoint` that is whole, the newest first."""
        if self._checkpoints is None:
            self._checkpoints = read_checkpoints(self.file('checkpoint'), say)
        return self._checkpoints

    def log(self, line):
        """Adds a line to `log.txt`."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, 'O_NOFOLLOW', 0)
        with saving(self.path):
            with open(os.open(self.file('log.txt'), flags, 0o666), 'ab') as file:
                file.write(f'{line}\n'.encode('utf-8', 'backslashreplace'))

    def _publish(self):
        last, best = self._current, self.file(BEST)
        if last.state.history:
            if not os.path.isfile(best) or file_sha256(best) != last.best_sha256:
                with atomic_write(best) as file:
                    last.copy_best(file)
            last.state.history.to_csv(self.file('history.csv'))


@contextlib.contextmanager
def saving(path):
    """Says what a full, read-only or vanished disk means for the run in `path`."""
    try:
        yield
    except OSError as error:
        if not os.path.isdir(path):
            raise WorkError(f'the run directory {path} is gone: nothing can be saved') from None
        raise WorkError(f'cannot save the run in {path}: {error.strerror or error}; what was saved '
                        f'before is whole: mend this, then go on with --resume') from None


def identify(config, images):
    """What makes a run this run and no other, for JSON."""
    known = config.source is not None and os.path.isfile(config.source)
    return {'config': dataclasses.asdict(config),
            'source': file_sha256(config.source) if known else None,
            'pictures': images.sha256 if images else None}


def check_free(path):
    """Raises `UsageError` unless `path` is a new or empty folder that can be written."""
    if os.path.lexists(path) and not (os.path.isdir(path) and not os.listdir(path)):
        raise UsageError(f'output folder {path} exists already: name a new one with --out, '
                         f'or go on with that run with --resume')
    there = os.path.abspath(path)
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise UsageError(f'output folder {path} cannot be written: {error.strerror}') from None
