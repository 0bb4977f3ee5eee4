"""JSON of any origin is read strictly and converted to types, or refused with the reason."""
import json
import os
from dataclasses import asdict, dataclass
from typing import List, Literal, Optional

import pytest

from gluon_finetune.errors import UsageError
from gluon_finetune.files import read as read_module
from gluon_finetune.files.json import convert, read_json, read_json_as, to_json
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
    (b'', 'Input data was truncated'), (b'{"a": 1', 'Input data was truncated'),
    (b'"\xff"', 'it is not UTF-8'), (b'\xff', 'invalid character (byte 0)'),
    (b'["\\ud800"]', 'Input data was truncated'),
    (b'["\\ud800 and more"]', 'unexpected end of escaped utf-16 surrogate pair (byte 8)'),
    (b'["\\udc00"]', 'invalid utf-16 surrogate pair (byte 8)'),
    (b'[NaN]', 'invalid character (byte 1)'),
    (b'-Infinity', 'invalid character (byte 1)'),
    (b'1e999', 'Number out of range'), (b'[-1.0e400]', 'Number out of range - at `$[0]`'),
    (b'9' * 5000, 'Integer value out of range'),
    (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' occurs twice"),
    (b'[{"x": {"seed": 0, "seed": 0}}]', "the key 'seed' occurs twice"),
    (b'[' * 100_000, 'it is nested too deeply'),
    (b'{"a":' * 100_000, 'it is nested too deeply')])
def test_invalid_json(path, content, reason):
    path.write_bytes(content)
    assert refused(read_json, 'a.json') == f'a.json is not valid JSON: {reason}'


def test_a_file_that_is_too_large(path):
    with open(path, 'wb') as file:
        file.truncate(1 << 40)   # takes no space
    assert refused(read_json, 'a.json') == (
        'a.json has 1099511627776 bytes; the maximum is 1048576')
    assert refused(read_bytes, 'a.json', 9) == 'a.json has 1099511627776 bytes; the maximum is 9'


def test_a_path_that_is_not_a_regular_file(path):
    os.mkfifo('pipe')   # opening it would block forever
    os.symlink('/dev/zero', 'endless')
    for name, reason in [('pipe', 'it is not a regular file'), ('.', 'it is not a regular file'),
                         ('endless', 'it is not a regular file'),
                         ('no', 'No such file or directory')]:
        for read in (read_json, check_regular_file, read_bytes):
            arguments = () if read is read_json else (10,)
            assert refused(read, name, *arguments) == f'cannot read {name}: {reason}'


def test_a_file_without_permission(path, monkeypatch):
    path.write_text('1')

    def forbidden(*args):
        raise PermissionError(13, 'Permission denied')   # root may read everything
    monkeypatch.setattr(read_module, 'open', forbidden, raising=False)
    assert refused(read_json, 'a.json') == 'cannot read a.json: Permission denied'


@dataclass(frozen=True)
class Settings:
    batch_size: int
    learning_rate: float = 10
    freeze: bool = False
    source: Optional[str] = None
    cache: Optional[Literal['ram', 'disk']] = None

    def __post_init__(self):
        if self.batch_size < 1:
            raise UsageError(f'batch_size must be at least 1, not {self.batch_size}')


@pytest.mark.parametrize('settings', [
    Settings(8), Settings(2 ** 70, 0.5, True, 'é', 'ram'), Settings(1, learning_rate=1)])
def test_a_dataclass(path, settings):
    path.write_bytes(to_json(asdict(settings)))
    found = read_json_as('a.json', Settings)
    assert found == settings and repr(found) == repr(settings)
    assert found == convert(json.loads(path.read_bytes()), Settings, 'a value')


@pytest.mark.parametrize('text, message', [
    ('[]', 'a.json must be a JSON object, not []'),
    ('{}', "missing key 'batch_size' in a.json"),
    ('{"__class__": "os.system"}', "unknown key '__class__' in a.json; known keys: batch_size, "
                                   'learning_rate, freeze, source, cache'),
    ('{"source": ["a"]}', "source in a.json must be str or null, not ['a']"),
    ('{"freeze": 1}', 'freeze in a.json must be bool, not 1'),
    ('{"freeze": null}', 'freeze in a.json must be bool, not None'),
    ('{"freeze": "no"}', "freeze in a.json must be bool, not 'no'"),
    ('{"batch_size": true}', 'batch_size in a.json must be int, not True'),
    ('{"batch_size": 1.5}', 'batch_size in a.json must be int, not 1.5'),
    ('{"batch_size": "../../x"}', "batch_size in a.json must be int, not '../../x'"),
    ('{"learning_rate": "0.1"}', "learning_rate in a.json must be float, not '0.1'"),
    ('{"learning_rate": 1%s}' % ('0' * 400),
     f'learning_rate in a.json must be float, not 1{"0" * 56}...'),
    ('{"cache": "%s"}' % ('x' * 99),
     f"cache in a.json must be 'ram' or 'disk' or null, not '{'x' * 56}..."),
    ('{"batch_size": 0}', 'a.json: batch_size must be at least 1, not 0')])
def test_a_value_of_another_type(path, text, message):
    path.write_text(text)
    assert refused(read_json_as, 'a.json', Settings) == message


def test_a_list():
    assert convert(['a'], List[str], 'labels') == ['a']
    assert refused(convert, ['a', 1], List[str], 'labels') == (
        "labels must be List[str], not ['a', 1]")
