"""The run directory: settings, results and checkpoints of a run as files."""
from __future__ import annotations

import contextlib
import copy
import dataclasses
import os
import warnings
from typing import Iterator, Sequence

from ..config import Config, earlier_values
from ..data.folders import ImageFolders
from ..data.split import Split, read_split
from ..errors import UsageError, WorkError
from ..files.atomic import atomic_write
from ..files.hashing import file_sha256
from ..files.json import convert, read_json, write_json
from ..files.read import read_bytes
from ..models.labels import check_labels
from ..training.history import History
from ..types import Net, StrPath, Trainer
from .checkpoint import BEST, Checkpoint, Notify, read_checkpoints, write_checkpoint
from .identity import Identity, run_identity
from .location import check_free
from .manifest import Manifest
from .snapshots import NUM_SNAPSHOTS, remove_others
from .state import State

CHECKPOINTS = 'checkpoint'   # the folder
DATA = 'data.txt'   # the path of the images
MAX_PATH_BYTES = 1 << 16


class RunDirectory:
    """A folder with `config.json`, `labels.json`, `history.csv`, `best.params`, `checkpoint/`.

    Whoever uses a trained network needs the first four alone. `checkpoint/` is for resuming: each
    checkpoint is complete in itself, and after each epoch the results in it are published as
    `best.params` and `history.csv`.

    Attributes:
        path: Path of the folder.
        config: The `Config` of the run.
        classes: Names of the classes.
        split: The split of the images, or None.
    """

    def __init__(self, path: str, config: Config, classes: list[str],
                 split: Split | None = None,
                 identity: Identity | None = None) -> None:
        self.path, self.config, self.classes, self.split = path, config, classes, split
        self.identity: Identity = identity or {}
        self._checkpoints: list[Checkpoint] | None = None   # not read yet
        self._current: Checkpoint | None = None

    @classmethod
    def create(cls, path: StrPath, config: Config, classes: Sequence[str],
               split: Split | None = None, manifest: Manifest | None = None,
               data: StrPath | None = None) -> RunDirectory:
        """Create the folder; raise `UsageError` where it is not empty or cannot be written."""
        check_free(path)
        run = cls(os.fspath(path), config, list(classes), split, run_identity(config, manifest))
        os.makedirs(run.file(CHECKPOINTS), exist_ok=True)
        write_json(run.file('config.json'), dataclasses.asdict(config))
        write_json(run.file('labels.json'), run.classes)
        if split is not None:
            write_json(run.file('split.json'), split)
        if manifest is not None:
            with atomic_write(run.file('pictures.csv')) as file:
                file.write(manifest.to_csv())
        if data is not None:
            run.remember_data(data)
        return run

    @classmethod
    def open(cls, path: StrPath) -> RunDirectory:
        """Open an existing folder without reading its checkpoints.

        Raises:
            UsageError: It is not a run directory.
        """
        path = os.fspath(path)
        if not os.path.isdir(path):
            raise UsageError(f'no such run: {path} (expected a folder that `gluon-finetune train` '
                             f'wrote)')
        labels, split_file = (os.path.join(path, name) for name in ('labels.json', 'split.json'))
        try:
            config = read_config(os.path.join(path, 'config.json'))
            classes = check_labels(read_json(labels), labels)
            split = read_split(split_file) if os.path.exists(split_file) else None
        except UsageError as error:
            raise UsageError(f'{path} is not a run of `gluon-finetune train`, or is corrupt: '
                             f'{error}') from None
        return cls(path, config, classes, split)

    def file(self, *names: str) -> str:
        """Return the path of a file of the run."""
        return os.path.join(self.path, *names)

    @property
    def manifest(self) -> Manifest:
        """The images that the run is trained on; empty where it has no `pictures.csv`."""
        path = self.file('pictures.csv')
        return Manifest.from_csv(path) if os.path.exists(path) else Manifest()

    @property
    def history(self) -> History:
        """The `History` of finished epochs."""
        path = self.file('history.csv')
        return History.from_csv(path) if os.path.exists(path) else History()

    @property
    def best_weights(self) -> str:
        """Path of the weights of the epoch `history.best`; raises `UsageError` without them."""
        path = self.file(BEST)
        if not os.path.isfile(path):
            raise UsageError(f'{self.path} has no {BEST}: resume the run with --resume')
        return path

    @property
    def skipped(self) -> dict[str, str]:
        """Path -> reason of images that training skipped; empty without a usable checkpoint."""
        try:
            last = self.last()
        except UsageError as error:
            warnings.warn(str(error), stacklevel=2)
            return {}
        return last.state.skipped if last else {}

    def last(self, notify: Notify = warnings.warn) -> Checkpoint | None:
        """Return the newest complete `Checkpoint`, or None; report corrupt ones to `notify`."""
        return next(iter(self.complete_checkpoints(notify)), None)

    def complete_checkpoints(self, notify: Notify = warnings.warn) -> list[Checkpoint]:
        """Return every complete `Checkpoint`, the newest first; report corrupt ones to `notify`."""
        if self._checkpoints is None:
            self._checkpoints = read_checkpoints(self.file(CHECKPOINTS), notify)
        return self._checkpoints

    @property
    def data(self) -> str | None:
        """Path of the folder of images it was last trained on; None in a run that has no note."""
        path = self.file(DATA)
        return os.fsdecode(read_bytes(path, MAX_PATH_BYTES)) if os.path.exists(path) else None

    def remember_data(self, folder: StrPath) -> None:
        """Note the path of the folder of images."""
        with atomic_write(self.file(DATA)) as file:
            file.write(os.fsencode(os.path.abspath(folder)))

    def identity_at_start(self, notify: Notify = lambda line: None) -> Identity:
        """Return the identity that the run was started with."""
        last = self.last(notify)
        return last.identity if last else run_identity(self.config, self.manifest)

    def change_config(self, config: Config, started: Identity, data: StrPath) -> None:
        """Replace the settings of a run that is resumed; `started` is its identity."""
        self.config, self.identity = config, {**started, 'config': dataclasses.asdict(config)}
        with explain_disk_errors(self.path):
            write_json(self.file('config.json'), self.identity['config'])
            self.remember_data(data)

    def original_images(self, folders: ImageFolders) -> ImageFolders:
        """Return `folders` with the images the run was started with, including missing ones."""
        manifest = self.manifest
        return manifest.restore(folders) if manifest else folders.without_val()

    def without_new_val(self, folders: ImageFolders) -> ImageFolders:
        """Return `folders` without validation images, if the run was started without any."""
        return folders if self.manifest.has_val else folders.without_val()

    def without_new_images(self, folders: ImageFolders) -> ImageFolders:
        """Return `folders` without images the run was started without, such as skipped leaks."""
        manifest = self.manifest
        return manifest.limit(folders) if manifest else folders.without_val()

    def save_checkpoint(self, net: Net, trainer: Trainer, state: State) -> None:
        """Write a checkpoint, and after an epoch publish its results.

        After any interruption, this checkpoint or the one before is complete.

        Raises:
            WorkError: The disk is full, read-only or gone.
            Diverged: A weight is NaN or infinite.
        """
        older = self.complete_checkpoints()
        with explain_disk_errors(self.path):
            self._current = write_checkpoint(self.file(CHECKPOINTS), net, trainer, state,
                                             self.identity, self._current)
            self._checkpoints = [self._current] + older[:NUM_SNAPSHOTS - 1]
            if state.position.batch == 0:
                self._publish(self._current)

    def restore_checkpoint(self, net: Net, trainer: Trainer, back: int = 0) -> State:
        """Load the last checkpoint into `net` and `trainer` and return its `State`.

        `back=1` loads the one before the last, where there is one.
        """
        complete = self.complete_checkpoints()
        self._current = current = complete[min(back, len(complete) - 1)]
        current.restore(net, trainer)
        with explain_disk_errors(self.path):
            remove_others(self.file(CHECKPOINTS), [checkpoint.snapshot for checkpoint in complete])
            self._publish(current)
        return copy.deepcopy(current.state)

    def _publish(self, checkpoint: Checkpoint) -> None:
        """Write `best.params`, unless it is up to date, and `history.csv`."""
        best, history = self.file(BEST), checkpoint.state.history
        if history:
            if not os.path.isfile(best) or file_sha256(best) != checkpoint.best_sha256:
                with atomic_write(best) as file:
                    checkpoint.copy_best(file)
            history.to_csv(self.file('history.csv'))

    def log(self, line: str) -> None:
        """Append a line to `log.txt`."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, 'O_NOFOLLOW', 0)
        with explain_disk_errors(self.path):
            with open(os.open(self.file('log.txt'), flags, 0o666), 'ab') as file:
                file.write(f'{line}\n'.encode('utf-8', 'backslashreplace'))


def read_config(path: str) -> Config:
    """Read a `config.json`; where it is older than an option, that is as it was then."""
    value = read_json(path)
    return convert({**earlier_values(), **value} if isinstance(value, dict) else value, Config,
                   path)


@contextlib.contextmanager
def explain_disk_errors(path: str) -> Iterator[None]:
    """Turn an `OSError` of a full, read-only or vanished disk into a `WorkError` about the run."""
    try:
        yield
    except OSError as error:
        if not os.path.isdir(path):
            raise WorkError(f'the run directory {path} is gone: nothing can be saved') from None
        raise WorkError(f'cannot save the run in {path}: {error.strerror or error}; earlier '
                        f'checkpoints are complete: fix this, then continue with --resume'
                        ) from None
