"""Reads files that may come from anyone, completely and up to a size limit."""
import os
import stat

from ..errors import UsageError


def check_regular_file(path, most):
    """Return the size of a file; raises `UsageError` for no file and for more than `most` bytes.

    A named pipe would be waited for without end, and a device has no end.
    """
    try:
        status = os.stat(path)
    except OSError as error:
        raise UsageError(f'cannot read {path}: {error.strerror}') from None
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f'cannot read {path}: it is not a file')
    if status.st_size > most:
        raise UsageError(f'{path} has {status.st_size} bytes: at most {most} are read')
    return status.st_size


def read_bytes(path, most):
    """The bytes of a file; raises `UsageError` as `check_regular_file` does."""
    size = check_regular_file(path, most)
    try:
        with open(path, 'rb') as file:
            return file.read(size)
    except OSError as error:
        raise UsageError(f'cannot read {path}: {error.strerror}') from None
