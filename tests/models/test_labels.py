"""The names of classes are texts that tell them apart; those of networks: test_source.py."""
import re

import pytest

from gluon_finetune.errors import UsageError
from gluon_finetune.models.labels import _read_labels, check_labels

NO_LIST = 'must be a list of the names of classes'
pytestmark = pytest.mark.faults


def test_names():
    names = ['hotdog', 'café au lait', 'हिन्दी', '\U0001f32d']
    assert check_labels(names, 'labels.json') is names


@pytest.mark.parametrize('value, reason', [
    ({}, NO_LIST), ('ab', NO_LIST),
    ([], NO_LIST), (None, NO_LIST),
    ([1, 2], NO_LIST),
    (['a', ['b']], NO_LIST),
    (['a', ''], "has a class '': a name is a text without control characters"),
    (['a', 'b\x1b[2J'], "has a class 'b\\x1b[2J': a name is a text without control characters"),
    (['a\nb'], "has a class 'a\\nb': a name is a text without control characters"),
    (['\ud800'], "has a class '\\ud800': a name is a text without control characters"),
    (['a', 'b', 'a'], "has the class 'a' twice")])
def test_what_are_no_names(value, reason):
    with pytest.raises(UsageError) as caught:
        check_labels(value, 'labels.json')
    assert str(caught.value) == f'labels.json {reason}'


@pytest.mark.parametrize('text', ['1', '[1]', '[["a"]]', '[{"wnid": 1, "name": "a"}]', '[{}]',
                                  '[{"name": ["a"]}]', 'null', '[null]'])
def test_what_are_no_labels_of_a_source(tmp_path, text):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(UsageError, match=re.escape('must be a list of names, or of {"wnid"')):
        _read_labels(tmp_path / 'a.json')
