"""Writes files that are whole or not there, even after a crash; does not know what is in them."""
import contextlib
import hashlib
import os

from ..errors import WorkError


class HashingFile:
    """A new file that knows the SHA-256 of what was written into it."""

    def __init__(self, file):
        self._file, self._sha256 = file, hashlib.sha256()

    def write(self, content):
        """Append bytes."""
        self._file.write(content)
        self._sha256.update(content)

    @property
    def sha256(self):
        """Of everything written so far, in hexadecimal."""
        return self._sha256.hexdigest()


@contextlib.contextmanager
def new_file(path):
    """A `HashingFile` that is on the disk, not on its way there, when the block ends."""
    with open(path, 'xb') as file:   # x: through a link of this name nothing is overwritten
        yield HashingFile(file)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def atomic_write(path):
    """A `HashingFile` that takes the place of `path` when the block ends, and is gone if it fails.

    Raises `WorkError` where the disk does not take it.
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


def remove_file(path):
    """Remove a file that may not be there."""
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)


def fsync_folder(path):
    """Let the names in a folder outlast a loss of power, on systems that can."""
    if os.name == 'posix':
        folder = os.open(path or '.', os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
