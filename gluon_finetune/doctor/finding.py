"""`Finding`: the result of one check, as plain data."""
from __future__ import annotations

from typing import NamedTuple

BAD = 'bad'     # something will not work
WARN = 'warn'   # it works, but not as well as it could
OK = 'ok'


class Finding(NamedTuple):
    """The name of a check, a line about its result, its level, and the fix ('' for none)."""

    name: str
    value: str
    level: str
    remedy: str


def ok(name: str, value: str) -> Finding:
    """Return a finding that needs no action."""
    return Finding(name, value, OK, '')


def warn(name: str, value: str, remedy: str) -> Finding:
    """Return a finding of something that works, but could be better."""
    return Finding(name, value, WARN, remedy)


def bad(name: str, value: str, remedy: str) -> Finding:
    """Return a finding of something that does not work."""
    return Finding(name, value, BAD, remedy)
