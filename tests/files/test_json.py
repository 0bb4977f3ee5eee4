"""What comes from anyone is read only as far as it makes sense."""
import dataclasses
import os

import pytest

from gluon_finetune.config import Config
from gluon_finetune.errors import UsageError
from gluon_finetune.files import json as json_file
from gluon_finetune.files import read as read_module
from gluon_finetune.files.json import read_json, read_record
from gluon_finetune.files.read import check_regular_file, read_bytes

pytestmark = pytest.mark.faults


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / 'a.json'


def refused(read, *arguments):
    with pytest.raises(UsageError) as caught:
        read(*arguments)
    return str(caught.value)


@pytest.mark.parametrize('text, value', [
    ('[1, 2.5, -3e8, "é", null, true]', [1, 2.5, -3e8, 'é', None, True]),
    ('{"a": {"a": 1}}', {'a': {'a': 1}}), ('"\\ud83d\\ude00"', '\U0001f600')])
def test_json_is_read(path, text, value):
    path.write_text(text, encoding='utf-8')
    assert read_json('a.json') == value


@pytest.mark.parametrize('content, reason', [
    (b'', 'Expecting value: line 1 column 1 (char 0)'),
    (b'{"a": 1', "Expecting ',' delimiter: line 1 column 8 (char 7)"),
    (b'\xff', 'it is not UTF-8'), (b'"\\ud800"', 'a text in it has half a character'),
    (b'[NaN]', 'NaN is no number'), (b'-Infinity', '-Infinity is no number'),
    (b'1e999', 'the number 1e999 is too large'),
    (b'[-1.0e400]', 'the number -1.0e400 is too large'),
    (b'9' * 5000, 'a number in it has 5000 digits'),
    (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' comes twice"),
    (b'[{"x": {"seed": 0, "seed": 0}}]', "the key 'seed' comes twice"),
    (b'[' * 100_000, 'it is nested too deeply'),
    (b'{"a":' * 100_000, 'it is nested too deeply')])
def test_what_is_no_json_that_can_be_used(path, content, reason):
    path.write_bytes(content)
    assert refused(read_json, 'a.json') == f'a.json is not JSON that can be used: {reason}'


def test_what_is_too_large(path):
    with open(path, 'wb') as file:
        file.truncate(1 << 40)   # takes no space
    assert refused(read_json, 'a.json') == (
        'a.json has 1099511627776 bytes: at most 1048576 are read')
    assert refused(read_bytes, 'a.json', 9) == 'a.json has 1099511627776 bytes: at most 9 are read'


def test_what_is_no_file(path):
    os.mkfifo('pipe')   # to open it would be to wait for ever
    os.symlink('/dev/zero', 'endless')
    for name, reason in [('pipe', 'it is not a file'), ('endless', 'it is not a file'),
                         ('.', 'it is not a file'), ('no', 'No such file or directory')]:
        for read in (read_json, check_regular_file, read_bytes):
            arguments = () if read is read_json else (10,)
            assert refused(read, name, *arguments) == f'cannot read {name}: {reason}'


def test_a_file_that_may_not_be_read(path, monkeypatch):
    path.write_text('1')

    def forbidden(*args):
        raise PermissionError(13, 'Permission denied')   # root may read everything
    monkeypatch.setattr(read_module, 'open', forbidden, raising=False)
    assert refused(read_json, 'a.json') == 'cannot read a.json: Permission denied'


def test_a_record(path):
    config = Config(network='resnet18_v2', learning_rate=1, seed=None)
    path.write_text(json_file.json.dumps(dataclasses.asdict(config)))
    assert read_record('a.json', Config) == config
    path.write_text('{}')
    assert read_record('a.json', Config) == Config()


@pytest.mark.parametrize('text, reason', [
    ('[]', ' must hold a JSON object, not []'),
    ('{"network": ["resnet18_v2"]}', " has network=['resnet18_v2']: expected str"),
    ('{"source": {"a": 1}}', " has source={'a': 1}: expected str"),
    ('{"scratch": 1}', ' has scratch=1: expected bool'),
    ('{"freeze": null}', ' has freeze=None: expected bool'),
    ('{"freeze": "no"}', " has freeze='no': expected bool"),
    ('{"batch_size": true}', ' has batch_size=True: expected int'),
    ('{"seed": "../../x"}', " has seed='../../x': expected int"),
    ('{"learning_rate": "0.1"}', " has learning_rate='0.1': expected float"),
    ('{"network": "%s", "wd": []}' % ('x' * 99), ' has wd=[]: expected float'),
    ('{"batch_size": 0}', ': batch_size must be a whole number of at least 1, not 0'),
    ('{"batch_size": null}', ' has batch_size=None: expected int')])
def test_what_is_no_record(path, text, reason):
    path.write_text(text)
    assert refused(read_record, 'a.json', Config) == 'a.json' + reason


def test_a_key_that_is_not_known(path):
    path.write_text('{"__class__": "os.system"}')
    assert refused(read_record, 'a.json', Config).startswith(
        "a.json has '__class__', which is not known: network, source, scratch, ")
