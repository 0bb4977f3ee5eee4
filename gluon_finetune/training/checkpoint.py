"""The run directory: settings, history and weights as files; knows nothing about training."""
import dataclasses
import json
import os
import tempfile

from ..compat_gluon import load_states, save_parameters
from ..config import Config
from ..errors import UsageError
from ..models.source import load_weights
from .history import History


class RunDirectory:
    """A folder with `config.json`, `labels.json`, `history.csv`, `best.params`, `checkpoint/`.

    `create` makes one and never touches a folder that has something in it; `open` reads one back.
    """

    def __init__(self, path, config, classes, split=None):
        self.path, self.config, self.classes, self.split = path, config, classes, split

    @classmethod
    def create(cls, path, config, classes, split=None):
        """Raises `UsageError` when `path` has something in it or cannot be written."""
        check_free(path)
        run = cls(path, config, list(classes), split)
        os.makedirs(run.file('checkpoint'), exist_ok=True)
        write_json(run.file('config.json'), dataclasses.asdict(config))
        write_json(run.file('labels.json'), run.classes)
        if split is not None:
            write_json(run.file('split.json'), split)
        return run

    @classmethod
    def open(cls, path):
        """Raises `UsageError` when `path` is not a run directory."""
        if not os.path.isdir(path):
            raise UsageError(f'no such run: {path} (expected a folder that `gluon-finetune train` '
                             f'wrote)')
        try:
            config = Config(**read_json(os.path.join(path, 'config.json')))
            classes = read_json(os.path.join(path, 'labels.json'))
            split_file = os.path.join(path, 'split.json')
            split = read_json(split_file) if os.path.exists(split_file) else None
        except (OSError, TypeError, json.JSONDecodeError) as error:
            raise UsageError(f'{path} is not a run of `gluon-finetune train`, or damaged: '
                             f'{error}') from None
        return cls(path, config, classes, split)

    def file(self, *names):
        """Path of a file of the run."""
        return os.path.join(self.path, *names)

    @property
    def history(self):
        """The epochs that are done, as the last checkpoint knows them."""
        if not os.path.exists(self.file('history.csv')):
            return History()
        return History(History.from_csv(self.file('history.csv'))[:self._epoch()])

    def save(self, net, trainer, history):
        """Writes the history, a checkpoint to go on from, and the weights if they are the best yet.

        The checkpoint counts from the moment `latest.json` names it, so a break at any time leaves
        this one or the one before.
        """
        epoch = history[-1].epoch
        if history.best is history[-1]:
            save_weights(net, self.file('best.params'))
        save_parameters(net, self._checkpoint(epoch, 'params'))
        trainer.save_states(self._checkpoint(epoch, 'states'))
        history.to_csv(self.file('history.csv'))
        write_json(self.file('checkpoint', 'latest.json'), {'epoch': epoch})
        for name in os.listdir(self.file('checkpoint')):
            if name.startswith('epoch-') and not name.startswith(f'epoch-{epoch:04d}.'):
                os.remove(self.file('checkpoint', name))

    def restore(self, net, trainer):
        """Puts the last checkpoint into `net` and `trainer` and returns its history."""
        epoch = self._epoch()
        if epoch:
            load_weights(net, self._checkpoint(epoch, 'params'))
            load_states(trainer, self._checkpoint(epoch, 'states'))
        return self.history

    def _checkpoint(self, epoch, extension):
        return self.file('checkpoint', f'epoch-{epoch:04d}.{extension}')

    def _epoch(self):
        latest = self.file('checkpoint', 'latest.json')
        return read_json(latest)['epoch'] if os.path.exists(latest) else 0


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


def save_weights(net, path):
    """Writes the parameters of `net` in the zoo's form, under a temporary name first."""
    save_parameters(net, f'{path}.tmp')
    os.replace(f'{path}.tmp', path)


def write_json(path, value):
    """Writes `value` as JSON under a temporary name and renames it."""
    with open(f'{path}.tmp', 'w', encoding='utf-8') as file:
        json.dump(value, file, indent=2, ensure_ascii=False)
        file.write('\n')
    os.replace(f'{path}.tmp', path)


def read_json(path):
    """The value in a JSON file."""
    with open(path, encoding='utf-8') as file:
        return json.load(file)
