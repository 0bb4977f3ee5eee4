"""Files with equal bytes."""
from __future__ import annotations

import os
import stat
from typing import Callable, Iterable, Sequence, TypeVar

from .check import hash_images

T = TypeVar('T')


_TAIL_BYTES = 4096   # two files of one size that end in these bytes are worth reading


def equal_files(paths: Sequence[str]) -> list[list[str]]:
    """Return the groups of at least two files with equal bytes; empty files do not count.

    Only files of one size that end in the same bytes are read completely.
    """
    sizes = {path: _size(path) for path in paths}
    candidates = [path for same_size in group_equal(filter(sizes.get, paths), sizes.__getitem__)
                  for same_end in group_equal(same_size, _tail) for path in same_end]
    hashes = dict(zip(candidates, hash_images(candidates, progress=False)))
    return group_equal(filter(hashes.get, candidates), hashes.__getitem__)


def group_equal(values: Iterable[T], key: Callable[[T], object]) -> list[list[T]]:
    """Return the groups of at least two values with the same key."""
    groups: dict[object, list[T]] = {}
    for value in values:
        groups.setdefault(key(value), []).append(value)
    return [group for group in groups.values() if len(group) > 1]


def _size(path: str) -> int:
    """Return the size of a regular file, 0 for anything else."""
    try:
        status = os.stat(path)
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _tail(path: str) -> bytes:
    try:
        with open(path, 'rb') as file:
            file.seek(max(_size(path) - _TAIL_BYTES, 0))
            return file.read()
    except OSError:
        return b''
