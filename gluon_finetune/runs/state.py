"""Where a run is, in plain numbers that go into a JSON file and come out checked; knows no arrays.

The random generators are not among them: whatever is random in a batch follows from the seed of the
run and the place, so these two are their state.
"""
import dataclasses
import math

from ..errors import UsageError
from ..training.history import History, Record
from ..training.metrics import START, Place


@dataclasses.dataclass
class State:
    """What a run goes on from, beside its weights."""
    learning_rate: float
    place: Place = START
    history: History = dataclasses.field(default_factory=History)
    rewinds: int = 0          # how often the learning rate was halved for a loss that is not finite
    empty_batches: int = 0    # of this epoch, because every image in them was left out
    left_out: dict = dataclasses.field(default_factory=dict)   # path of an image -> reason

    def to_json(self):
        """A dict for a JSON file."""
        return {'learning_rate': self.learning_rate, 'place': self.place._asdict(),
                'history': [record._asdict() for record in self.history], 'rewinds': self.rewinds,
                'empty_batches': self.empty_batches, 'left_out': self.left_out}

    @classmethod
    def from_json(cls, value):
        """The inverse of `to_json`; raises `UsageError` for what it cannot have made."""
        value = _fields('a state', value, [field.name for field in dataclasses.fields(cls)])
        place = _numbers(Place, value['place'], ('epoch', 'batch', 'examples'))
        if not isinstance(value['history'], list):
            raise UsageError('its history is no list')
        history = History(_numbers(Record, record, ('epoch',)) for record in value['history'])
        if [record.epoch for record in history] != list(range(1, place.epoch)):
            raise UsageError('its history and its place do not belong together')
        for name in ('rewinds', 'empty_batches'):
            _check(name, value[name], whole=True)
        _check('learning_rate', value['learning_rate'])
        left_out = value['left_out']
        if not (isinstance(left_out, dict) and all(isinstance(v, str) for v in left_out.values())):
            raise UsageError('its left_out is no dict of paths and reasons')
        return cls(value['learning_rate'], place, history, value['rewinds'],
                   value['empty_batches'], left_out)


def _fields(what, value, names):
    if not (isinstance(value, dict) and set(value) == set(names)):
        raise UsageError(f'{what} in it does not have the fields {", ".join(names)}')
    return value


def _numbers(kind, value, whole):
    value = _fields(f'a {kind.__name__.lower()}', value, kind._fields)
    for name, number in value.items():
        _check(name, number, name in whole)
    return kind(**value)


def _check(name, value, whole=False):
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value < math.inf:
        raise UsageError(f'its {name} is {value!r:.40}')
