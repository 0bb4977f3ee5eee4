"""The state of a run as plain numbers, in a JSON file.

States of the random generators are not part of it: all randomness in a batch follows from the seed
of the run and the position.
"""
from __future__ import annotations

import dataclasses
import math
from typing import Any, Sequence

from ..errors import UsageError
from ..training.history import History, Record, record_of
from ..training.metrics import START, Position

# of the JSON file: its 'place' is the position, its 'left_out' the skipped images
KEYS = ('learning_rate', 'place', 'history', 'rewinds', 'empty_batches', 'left_out')


@dataclasses.dataclass
class State:
    """What resuming needs beside the weights and the state of the trainer."""

    learning_rate: float      # base rate, halved by every rewind
    position: Position = START
    history: History = dataclasses.field(default_factory=History)
    rewinds: int = 0          # restored checkpoints after a loss of NaN or infinity
    empty_batches: int = 0    # batches of this epoch without a readable image
    skipped: dict[str, str] = dataclasses.field(default_factory=dict)   # path of image -> reason

    def to_json(self) -> dict[str, Any]:
        """Return a dict for a JSON file."""
        return dict(zip(KEYS, (self.learning_rate, self.position._asdict(),
                               [record.measured() for record in self.history], self.rewinds,
                               self.empty_batches, self.skipped)))

    @classmethod
    def from_json(cls, value: Any) -> State:
        """Restore a state from a dict; raise `UsageError` where `to_json` cannot have made it."""
        value = _with_keys('the state', value, KEYS)
        position = Position(**_numbers('the position', value['place'], Position._fields,
                                       ('epoch', 'batch', 'examples')))
        if not isinstance(value['history'], list):
            raise UsageError('its history is not a list')
        history = History(map(_record, value['history']))
        if [record.epoch for record in history] != list(range(1, position.epoch)):
            raise UsageError('its history does not match its position')
        for name in ('rewinds', 'empty_batches'):
            _check(name, value[name], int)
        _check('learning_rate', value['learning_rate'], (int, float))
        skipped = value['left_out']
        if not (isinstance(skipped, dict) and all(isinstance(v, str) for v in skipped.values())):
            raise UsageError('its left_out is not a dict of paths and reasons')
        return cls(value['learning_rate'], position, history, value['rewinds'],
                   value['empty_batches'], skipped)


def _with_keys(subject: str, value: Any, keys: Sequence[str]) -> dict[str, Any]:
    if not (isinstance(value, dict) and set(value) == set(keys)):
        raise UsageError(f'{subject} in it does not have the keys {", ".join(keys)}')
    return value


def _record(value: Any) -> Record:
    """Make a record from a dict, which has one of the accuracies after the epoch."""
    missing = 'test_acc' if isinstance(value, dict) and 'val_acc' in value else 'val_acc'
    names = [name for name in Record._fields if name != missing]
    return record_of(_numbers('the record', value, names, ('epoch',)))


def _numbers(subject: str, value: Any, names: Sequence[str],
             integers: Sequence[str]) -> dict[str, Any]:
    """Return a dict of numbers with these names."""
    numbers = _with_keys(subject, value, names)
    for name, number in numbers.items():
        _check(name, number, int if name in integers else (int, float))
    return numbers


def _check(name: str, value: Any, kinds: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value < math.inf:
        raise UsageError(f'its {name} is {value!r:.40}')
