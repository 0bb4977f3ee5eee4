"""Reads files that may come from anyone, whole and no larger than expected; knows not what is in.

What Python's json lets through and nothing here can use is refused: NaN, numbers beyond a float, a
key that comes twice, text that no terminal can print, and nesting without end.
"""
import collections
import dataclasses
import json
import math
from typing import Literal, Union, get_args, get_origin

from ..errors import UsageError
from .atomic import atomic_write
from .read import read_bytes

MOST_BYTES = 1 << 20
MOST_DIGITS = 1000   # of a whole number: reading it takes the square of that


def read_json(path, most=MOST_BYTES):
    """The value in a JSON file; raises `UsageError` where there is none that can be used."""
    content = read_bytes(path, most)
    try:
        value = json.loads(content.decode('utf-8'), object_pairs_hook=_object,
                           parse_constant=_no_number, parse_float=_float, parse_int=_whole)
        json.dumps(value, ensure_ascii=False).encode('utf-8')   # fails on half a surrogate pair
        return value
    except UnicodeDecodeError:
        reason = 'it is not UTF-8'
    except UnicodeEncodeError:
        reason = 'a text in it has half a character'
    except RecursionError:
        reason = 'it is nested too deeply'
    except ValueError as error:
        reason = str(error)
    raise UsageError(f'{path} is not JSON that can be used: {reason}')


def read_record(path, kind):
    """The dataclass `kind` made of a JSON object with its fields.

    Raises `UsageError` as `read_json` and `kind` do, for keys that `kind` does not know, and for
    values of other types than its fields have (None is for fields that are None by default).
    """
    values = read_json(path)
    if not isinstance(values, dict):
        raise UsageError(f'{path} must hold a JSON object, not {_shown(values)}')
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for name, value in values.items():
        if name not in fields:
            raise UsageError(f'{path} has {_shown(name)}, which is not known: {", ".join(fields)} '
                             f'are')
        if not _fits(value, fields[name]):
            raise UsageError(f'{path} has {name}={_shown(value)}: expected '
                             f'{_type_name(fields[name])}')
    try:
        return kind(**values)
    except UsageError as error:
        raise UsageError(f'{path}: {error}') from None


def _fits(value, field):
    kinds = get_args(field.type) if get_origin(field.type) is Union else (field.type,)
    kinds = [str if get_origin(kind) is Literal else kind for kind in kinds]
    return type(value) in kinds or float in kinds and type(value) is int


def _type_name(field):
    kind, = set(get_args(field.type) or [field.type]) - {type(None)} if (
        get_origin(field.type) is Union) else [field.type]
    return 'str' if get_origin(kind) is Literal else kind.__name__


def _shown(value):
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + '...'


def _object(pairs):
    value = dict(pairs)
    if len(value) < len(pairs):
        (twice, _), = collections.Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f'the key {_shown(twice)} comes twice')
    return value


def _no_number(text):
    raise ValueError(f'{text} is no number')


def _float(text):
    value = float(text)
    if math.isinf(value):
        raise ValueError(f'the number {text[:20]} is too large')
    return value


def _whole(text):
    if len(text) > MOST_DIGITS:
        raise ValueError(f'a number in it has {len(text)} digits')
    return int(text)


def json_bytes(value):
    """`value` as JSON that a person can read."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode('utf-8') + b'\n'


def write_json(path, value):
    """Write `value` as JSON in place of `path`."""
    with atomic_write(path) as file:
        file.write(json_bytes(value))
