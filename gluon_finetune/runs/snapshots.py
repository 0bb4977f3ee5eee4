"""Numbered folders of files with their hashes, each complete or absent.

A folder is written under a temporary name, flushed to the disk and renamed. Its `SHA256SUMS` has
the hash of every other file, in the format of `sha256sum -c`, so that later corruption is detected.
"""
from __future__ import annotations

import contextlib
import os
import re
import shutil
from typing import Callable, Dict, Iterable, Iterator, Mapping

from ..errors import UsageError
from ..files.atomic import HashingFile, fsync_folder, new_file
from ..files.hashing import file_sha256
from ..files.read import read_bytes

SUMS, TEMPORARY = 'SHA256SUMS', 'tmp'
NUM_SNAPSHOTS = 2   # should the newest become corrupt, there is one before it
MAX_BYTES = 1 << 16
_NUMBER = re.compile('[0-9]{6,12}')
_LINE = re.compile(r'([0-9a-f]{64})  ([\w.-]+)')

Writers = Dict[str, Callable[[HashingFile], object]]   # name of a file -> function that writes it


class Snapshot:
    """A complete folder.

    Attributes:
        path: Path of the folder.
        sums: SHA-256 of each of its files, by name.
    """

    def __init__(self, path: str) -> None:
        """Check every file; raise `UsageError` where one is corrupt."""
        self.path, self.sums = path, _checked_sums(path)

    def file(self, name: str) -> str:
        """Return the path of one of its files; raise `UsageError` where there is no such file."""
        if name not in self.sums:
            raise UsageError(f'{self.path} is corrupt: it has no {name}')
        return os.path.join(self.path, name)


def read_snapshots(folder: str, names: Iterable[str]
                   ) -> Iterator[tuple[Snapshot | None, str]]:
    """Yield `(Snapshot, '')` for each complete folder and `(None, reason)` for the others.

    The newest comes first. `names` are the files that a complete one must have.
    """
    for number in reversed(numbers(folder)):
        try:
            snapshot = Snapshot(_path(folder, number))
            for name in names:
                snapshot.file(name)
        except UsageError as error:
            yield None, str(error)
        else:
            yield snapshot, ''


def numbers(folder: str) -> list[int]:
    """Return the numbers of all snapshots in a folder, in rising order."""
    if os.path.islink(folder):
        raise UsageError(f'{folder} is a symbolic link: replace it by a folder inside the run '
                         f'directory')
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(int(name) for name in names if _NUMBER.fullmatch(name))


def write_snapshot(folder: str, writers: Writers) -> Snapshot:
    """Add a snapshot to a folder and remove old ones, so that `NUM_SNAPSHOTS` remain.

    After any interruption the older ones are unchanged.

    Raises:
        OSError: The disk is full, read-only or gone.
    """
    older = numbers(folder)
    path, temporary = _path(folder, max(older, default=0) + 1), os.path.join(folder, TEMPORARY)
    shutil.rmtree(temporary, ignore_errors=True)   # of a process that was killed
    try:
        os.mkdir(temporary)
        sums = {name: _write_file(os.path.join(temporary, name), write)
                for name, write in writers.items()}
        lines = ''.join(f'{sha256}  {name}\n' for name, sha256 in sums.items())
        _write_file(os.path.join(temporary, SUMS), lambda file: file.write(lines.encode()))
        fsync_folder(temporary)
        os.rename(temporary, path)
        fsync_folder(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    for number in older[:-(NUM_SNAPSHOTS - 1)]:
        _remove(folder, _path(folder, number))
    return Snapshot(path)


def remove_others(folder: str, snapshots: Iterable[Snapshot]) -> None:
    """Remove every snapshot but `snapshots`, and what a killed process left."""
    keep = {snapshot.path for snapshot in snapshots}
    for path in [_path(folder, number) for number in numbers(folder)]:
        if path not in keep:
            _remove(folder, path)
    shutil.rmtree(os.path.join(folder, TEMPORARY), ignore_errors=True)


def _remove(folder: str, path: str) -> None:
    """Remove a snapshot; renamed first, so that an interruption leaves no corrupt one."""
    temporary = os.path.join(folder, TEMPORARY)
    shutil.rmtree(temporary, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.rename(path, temporary)
        shutil.rmtree(temporary, ignore_errors=True)


def _write_file(path: str, write: Callable[[HashingFile], object]) -> str:
    """Write a new file and return its SHA-256."""
    with new_file(path) as file:
        write(file)
    sha256: str = file.sha256
    return sha256


def _checked_sums(path: str) -> Mapping[str, str]:
    """Return the SHA-256 of each file by name, once every file was checked."""
    try:
        text = read_bytes(os.path.join(path, SUMS), MAX_BYTES).decode('ascii', 'replace')
    except UsageError as error:
        raise UsageError(f'{path} is corrupt: {error}') from None
    lines = [_LINE.fullmatch(line) for line in text.split('\n')[:-1]]
    sums = {line[2]: line[1] for line in lines if line}
    if not lines or not all(lines) or not text.endswith('\n'):
        raise UsageError(f'{path} is corrupt: its {SUMS} is not a list of hashes')
    for name, sha256 in sums.items():
        file = os.path.join(path, name)
        if not os.path.isfile(file) or os.path.islink(file) or file_sha256(file) != sha256:
            raise UsageError(f'{path} is corrupt: {name} is missing or was changed')
    return sums


def _path(folder: str, number: int) -> str:
    return os.path.join(folder, f'{number:06d}')
