"""JSON files of any origin: strict reading, conversion to types, atomic writing."""
from __future__ import annotations

import collections
import dataclasses
import json
import typing
from typing import Any, TypeVar

import msgspec

from ..errors import UsageError
from ..types import StrPath
from .atomic import atomic_write
from .read import read_bytes

MAX_BYTES = 1 << 20
T = TypeVar('T')


def read_json(path: StrPath, max_bytes: int = MAX_BYTES) -> Any:
    """Return the value in a JSON file.

    Raises:
        UsageError: If the file cannot be read, has more than `max_bytes`, or has anything that
            Python cannot use or print: NaN, a number out of range, a key twice, half a character,
            endless nesting.
    """
    content = read_bytes(path, max_bytes)
    try:
        value = msgspec.json.decode(content)
        json.loads(content, object_pairs_hook=_unique)   # msgspec takes the last of two equal keys
        return value
    except UnicodeDecodeError:
        reason = 'it is not UTF-8'
    except RecursionError:
        reason = 'it is nested too deeply'
    except (msgspec.DecodeError, ValueError) as error:
        reason = str(error).replace('JSON is malformed: ', '')
    raise UsageError(f'{path} is not valid JSON: {reason}')


def read_json_as(path: StrPath, kind: type[T], max_bytes: int = MAX_BYTES) -> T:
    """Return the value in a JSON file, converted to `kind`.

    Raises:
        UsageError: As `read_json` and `convert` do.
    """
    return convert(read_json(path, max_bytes), kind, str(path))


def convert(value: Any, kind: type[T], subject: str) -> T:
    """Return a value read from JSON as a dataclass or any other type.

    Args:
        value: Dicts, lists, texts, numbers, booleans and None.
        kind: A type or an expression of `typing`; for dataclasses those of the fields count.
        subject: What the value is, for error messages, such as 'config.json'.

    Raises:
        UsageError: For values of another type, unknown or missing keys, and as `kind` does.
    """
    if dataclasses.is_dataclass(kind):
        return _dataclass(value, kind, subject)
    try:
        converted = msgspec.convert(value, kind)
    except (msgspec.ValidationError, SystemError):   # msgspec 0.18: an int beyond floats
        raise UsageError(f'{subject} must be {_expected(kind)}, not {_shown(value)}') from None
    return value if converted == value else converted   # 10 stays 10 among floats


def _dataclass(value: Any, kind: type[T], subject: str) -> T:
    if not isinstance(value, dict):
        raise UsageError(f'{subject} must be a JSON object, not {_shown(value)}')
    types, fields = typing.get_type_hints(kind), dataclasses.fields(kind)  # type: ignore[arg-type]
    for name in value:
        if name not in [field.name for field in fields]:
            raise UsageError(f'unknown key {_shown(name)} in {subject}; known keys: '
                             f'{", ".join(field.name for field in fields)}')
    values = {name: convert(item, types[name], f'{name} in {subject}')
              for name, item in value.items()}
    for field in fields:
        required = field.default is field.default_factory is dataclasses.MISSING
        if required and field.name not in values:
            raise UsageError(f'missing key {field.name!r} in {subject}')
    try:
        return kind(**values)
    except UsageError as error:
        raise UsageError(f'{subject}: {error}') from None


def _expected(kind: Any) -> str:
    """Return a type in words, such as 'str or null'."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Union:
        return ' or '.join(map(_expected, arguments))
    if origin is typing.Literal:
        return ' or '.join(map(repr, arguments))
    if kind is type(None):
        return 'null'
    return kind.__name__ if isinstance(kind, type) else str(kind).replace('typing.', '')


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + '...'


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        (twice, _), = collections.Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f'the key {_shown(twice)} occurs twice')
    return value


def to_json(value: Any) -> bytes:
    """Return `value` as JSON that a person can read."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode('utf-8') + b'\n'


def write_json(path: StrPath, value: Any) -> None:
    """Replace `path` by `value` as JSON."""
    with atomic_write(path) as file:
        file.write(to_json(value))
