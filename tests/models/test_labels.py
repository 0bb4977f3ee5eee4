"""Valid class names; the labels of sources are tested in test_source.py, too."""
import re
from types import SimpleNamespace

import pytest

from gluon_finetune.errors import UsageError
from gluon_finetune.models.labels import _read_labels, check_labels, note_classes

NOT_A_LIST = 'must be a list of class names'
pytestmark = pytest.mark.faults


def test_valid_names():
    names = ['hotdog', 'café au lait', 'हिन्दी', '\U0001f32d']
    assert check_labels(names, 'labels.json') is names


@pytest.mark.parametrize('value, reason', [
    ({}, NOT_A_LIST), ('ab', NOT_A_LIST),
    ([], NOT_A_LIST), (None, NOT_A_LIST),
    ([1, 2], NOT_A_LIST),
    (['a', ['b']], NOT_A_LIST),
    (['a', ''], "has the invalid class name '': a name is text without control characters"),
    (['a', 'b\x1b[2J'], "has the invalid class name 'b\\x1b[2J': a name is text without control "
                       'characters'),
    (['a\nb'], "has the invalid class name 'a\\nb': a name is text without control characters"),
    (['\ud800'], "has the invalid class name '\\ud800': a name is text without control "
                  'characters'),
    (['a', 'b', 'a'], "has the class name 'a' more than once")])
def test_invalid_names(value, reason):
    with pytest.raises(UsageError) as caught:
        check_labels(value, 'labels.json')
    assert str(caught.value) == f'labels.json {reason}'


@pytest.mark.parametrize('text', ['1', '[1]', '[["a"]]', '[{"wnid": 1, "name": "a"}]', '[{}]',
                                  '[{"name": ["a"]}]', 'null', '[null]'])
def test_invalid_labels_of_a_source(tmp_path, text):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(UsageError, match=re.escape('must be a list of class names, or of {"wnid"')):
        _read_labels(tmp_path / 'a.json')


def test_two_spellings_of_a_name_are_one_class():
    net, data = SimpleNamespace(classes=['bar', 'cafe\u0301']), ['bar', 'caf\xe9']
    note_classes(net, data)
    assert net.classes == ['bar', 'cafe\u0301']
    with pytest.raises(UsageError, match='the net has the classes bar, caf'):
        note_classes(net, data[::-1])
