"""Names of classes: which can be used, which are the same, and how messages show them."""
from __future__ import annotations

import unicodedata
from typing import Sequence

_CONTROLS, _INVISIBLE = ('Cc', 'Cs'), ('Cf', 'Zs', 'Zl', 'Zp')   # Cs: a byte that is not UTF-8


def is_valid_name(name: str) -> bool:
    """Return whether `name` is text without control characters, which a terminal would obey."""
    return bool(name) and not any(unicodedata.category(letter) in _CONTROLS for letter in name)


def name_problem(name: str) -> str:
    """Say why a folder's name cannot be the name of a class; '' where it can.

    Such as "has a name that is blank".
    """
    for letter in name:
        category = unicodedata.category(letter)
        if category == 'Cs':
            return 'has a name that is not valid UTF-8'
        if category == 'Cc':
            return f'has the control character {letter!r} in its name'
    return '' if _look(name) else 'has a name that is blank'


def same_name(name: str) -> str:
    """Return what equal names have in common: file systems spell accents in two ways (NFC, NFD)."""
    return unicodedata.normalize('NFC', name)


def same_names(names: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether two lists have equal names in the same order."""
    return [*map(same_name, names)] == [*map(same_name, others)]


def look_alikes(names: Sequence[str]) -> tuple[str, str] | None:
    """Return two of the names that differ in characters that cannot be seen, or None."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(_look(name), name)
        if same_name(other) != same_name(name):
            return other, name
    return None


def shown(name: str) -> str:
    """Return a name for a message, escaped where a reader could not see all of its characters."""
    return name if name.isprintable() and name == name.strip() else repr(name)


def _look(name: str) -> str:
    """Return the visible characters of a name, with one space between words."""
    kept = (' ' if unicodedata.category(letter) == 'Zs' else letter
            for letter in same_name(name)
            if unicodedata.category(letter) not in _INVISIBLE or
            unicodedata.category(letter) == 'Zs')
    return ' '.join(''.join(kept).split())
