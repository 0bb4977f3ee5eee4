"""Lets one of several processes make or hold a file or folder; knows not what it is for."""
import contextlib
import os
import time

from ..errors import WorkError

try:
    import fcntl
except ImportError:   # Windows, where two processes had better not fetch the same file at once
    fcntl = None

_MINE = set()         # device and number of each folder that this process holds
LOCK_TIMEOUT_S = 3600   # seconds, for a process that was stopped may hold a lock for ever
_LOOK_AGAIN = 0.1


@contextlib.contextmanager
def lock_to_create(path, advice, made=os.path.exists):
    """Give True to the one process that shall make `path`; others wait, then find it made.

    `made(path)` tells whether it is. Raises `WorkError` that ends in `advice` where the folder of
    `path` cannot be written, and where the wait is longer than `LOCK_TIMEOUT_S`.
    """
    if made(path):
        yield False
        return
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, exist_ok=True)
        lock = _lock(path)
    except OSError as error:
        raise WorkError(f'cannot write to {folder} ({error.strerror}): {advice}') from None
    with lock:
        try:
            yield not made(path)
        finally:
            with contextlib.suppress(OSError):   # somebody cleared the folder
                os.remove(lock.name)


@contextlib.contextmanager
def held(folder):
    """Hold `folder` while the block runs; raises `WorkError` where another process does.

    The lock is the system's, on the folder itself: it leaves no file and ends with the process. A
    process that holds it may hold it again; a file system that locks no folders keeps nobody out.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:   # it is gone: whoever writes to it will say so
        yield
        return
    try:
        status = os.fstat(handle)
        key = status.st_dev, status.st_ino
        if key in _MINE or not _try_lock(handle, folder):
            yield
            return
        _MINE.add(key)
        try:
            yield
        finally:
            _MINE.discard(key)
    finally:
        os.close(handle)


def _try_lock(handle, folder):
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise WorkError(f'another process is at work on {folder}: wait for its end, or end '
                        'it') from None
    except OSError:
        return False
    return True


def _lock(path):
    """The open and locked file `path`.lock, which its holder removes before it lets go."""
    while True:
        lock = open(path + '.lock', 'a')
        try:
            _wait_for(lock, path)
            if os.path.samestat(os.fstat(lock.fileno()), os.stat(lock.name)):
                return lock
        except FileNotFoundError:
            pass   # its holder has finished
        except BaseException:
            lock.close()
            raise
        lock.close()


def _wait_for(lock, path):
    end = time.monotonic() + LOCK_TIMEOUT_S
    while fcntl is not None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise WorkError(f'another process has been making {path} for {LOCK_TIMEOUT_S} '
                                'seconds: wait for it or end it, and try again') from None
            time.sleep(_LOOK_AGAIN)
