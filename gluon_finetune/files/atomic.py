"""Atomic writes: a file is complete or not there, even after a crash."""
from __future__ import annotations

import contextlib
import hashlib
import os
from typing import IO, Iterator, Union

from ..errors import WorkError
from ..types import StrPath

Bytes = Union[bytes, memoryview]


class HashingFile:
    """A new file that hashes what is written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._sha256 = file, hashlib.sha256()

    def write(self, content: Bytes) -> None:
        """Append bytes."""
        self._file.write(content)
        self._sha256.update(content)

    @property
    def sha256(self) -> str:
        """SHA-256 of everything written so far, in hexadecimal."""
        return self._sha256.hexdigest()


@contextlib.contextmanager
def new_file(path: StrPath) -> Iterator[HashingFile]:
    """Yield a `HashingFile` that has reached the disk when the block ends."""
    with open(path, 'xb') as file:   # x: does not write through a link of this name
        yield HashingFile(file)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def atomic_write(path: StrPath) -> Iterator[HashingFile]:
    """Yield a `HashingFile` that replaces `path` when the block ends, and is removed if it fails.

    Raises:
        WorkError: If the disk refuses it.
    """
    temporary = f'{path}.tmp'
    try:
        remove_file(temporary)
        with new_file(temporary) as file:
            yield file
        os.replace(temporary, path)
        fsync_folder(os.path.dirname(path))
    except BaseException as error:
        with contextlib.suppress(OSError):
            remove_file(temporary)
        if isinstance(error, OSError):
            raise WorkError(f'cannot write {path}: {error.strerror or error}') from None
        raise


def remove_file(path: StrPath) -> None:
    """Remove a file if it exists."""
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)


def fsync_folder(path: StrPath) -> None:
    """Make the names in a folder survive a power failure, on systems that can."""
    if os.name == 'posix':
        folder = os.open(path or '.', os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
