import copy
import json
import math

import pytest

from gluon_finetune.errors import UsageError
from gluon_finetune.runs.state import State
from gluon_finetune.training.history import History, Record
from gluon_finetune.training.metrics import Position

STATE = State(0.1 + 0.2, Position(2, 3, 24, 1 / 3, 7.0, 2.5),
              History([Record(1, 0.7, 0.5, 0.6, 100.0, 2.0, 0.3)]), 1, 1, {'a.jpg': 'is empty'})


def test_it_survives_json_to_the_last_bit():
    assert State.from_json(json.loads(json.dumps(STATE.to_json()))) == STATE


@pytest.mark.parametrize('change, message', [
    (lambda value: value.pop('place'),
     'the state in it does not have the keys learning_rate, place, history, rewinds, '
     'empty_batches, left_out'),
    (lambda value: value.update(place=[]),
     'the position in it does not have the keys epoch, batch, examples, loss, correct, seconds'),
    (lambda value: value['place'].update(batch=-1), 'its batch is -1'),
    (lambda value: value['place'].update(epoch=True), 'its epoch is True'),
    (lambda value: value['place'].update(epoch=3),
     'its history does not match its position'),
    (lambda value: value.update(history=1), 'its history is not a list'),
    (lambda value: value['history'][0].update(loss='0'), "its loss is '0'"),
    (lambda value: value.update(rewinds=0.5), 'its rewinds is 0.5'),
    (lambda value: value.update(learning_rate=float('inf')), 'its learning_rate is inf'),
    (lambda value: value.update(left_out={'a': 1}),
     'its left_out is not a dict of paths and reasons')])
def test_a_state_that_it_cannot_have_written_is_refused(change, message):
    value = copy.deepcopy(STATE.to_json())
    change(value)
    with pytest.raises(UsageError) as error:
        State.from_json(value)
    assert str(error.value) == message


def test_a_record_of_validation_images_survives_json():
    record = Record(1, 0.7, 0.5, math.nan, 100.0, 2.0, 0.3, 0.6)
    value = json.loads(json.dumps(State(0.1, Position(2, 0, 0, 0, 0, 0), [record]).to_json()))
    assert 'test_acc' not in value['history'][0]
    assert State.from_json(value).history == [record]
    value['history'][0]['test_acc'] = 0.5
    with pytest.raises(UsageError) as error:
        State.from_json(value)
    assert str(error.value) == (
        'the record in it does not have the keys epoch, loss, train_acc, examples_per_sec, '
        'seconds, learning_rate, val_acc')
