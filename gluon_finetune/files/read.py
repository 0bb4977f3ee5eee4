"""Files of any origin, read completely and up to a maximum size."""
from __future__ import annotations

import os
import stat

from ..errors import UsageError
from ..types import StrPath


def check_regular_file(path: StrPath, max_bytes: int) -> int:
    """Return the size of a file; a named pipe would block forever, and a device has no end.

    Raises:
        UsageError: If it is not a regular file, cannot be read or has more than `max_bytes`.
    """
    try:
        status = os.stat(path)
    except OSError as error:
        raise UsageError(f'cannot read {path}: {error.strerror}') from None
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f'cannot read {path}: it is not a regular file')
    if status.st_size > max_bytes:
        raise UsageError(f'{path} has {status.st_size} bytes; the maximum is {max_bytes}')
    return status.st_size


def read_bytes(path: StrPath, max_bytes: int) -> bytes:
    """Return the bytes of a file; raises `UsageError` as `check_regular_file` does."""
    size = check_regular_file(path, max_bytes)
    try:
        with open(path, 'rb') as file:
            return file.read(size)
    except OSError as error:
        raise UsageError(f'cannot read {path}: {error.strerror}') from None
