"""Inter-process locks on files and folders."""
from __future__ import annotations

import contextlib
import os
from typing import Callable, Iterator

import filelock

from ..errors import WorkError

LOCK_TIMEOUT_S = 3600   # a stopped process may hold a lock forever
POLL_S = 0.1


@contextlib.contextmanager
def lock_to_create(path: str, advice: str, exists: Callable[[str], bool] = os.path.exists
                   ) -> Iterator[bool]:
    """Yield True to the one process that must create `path`; others wait and then get False.

    Args:
        path: The file or folder to create.
        advice: What the user can do instead; the end of the error message.
        exists: Tells whether `path` is there and complete.

    Raises:
        WorkError: If the folder of `path` cannot be written, or another process holds the lock
            longer than `LOCK_TIMEOUT_S`.
    """
    if exists(path):
        yield False
        return
    folder = os.path.dirname(path)
    lock = filelock.FileLock(f'{path}.lock', timeout=LOCK_TIMEOUT_S)
    try:
        os.makedirs(folder, exist_ok=True)
        _acquire(lock)
    except filelock.Timeout:
        raise WorkError(f'{path} has been locked by another process for {LOCK_TIMEOUT_S} seconds: '
                        f'wait for it to finish, or stop it, and try again') from None
    except OSError as error:
        raise WorkError(f'cannot write to {folder} ({error.strerror}): {advice}') from None
    try:
        yield not exists(path)
    finally:
        _release(lock)


@contextlib.contextmanager
def lock_folder(folder: str) -> Iterator[None]:
    """Lock a folder exclusively; a process may lock it again within the block.

    The lock is the file `.lock` in the folder, so that it holds for every user and machine that
    shares it; it is removed at the end, and the lock of a killed process ends with the process.
    A folder that is read-only or on a file system without locks is not locked.

    Raises:
        WorkError: If another process has locked it.
    """
    path = os.path.join(os.path.realpath(folder), '.lock')
    lock = filelock.FileLock(path, timeout=0, thread_local=False, is_singleton=True)
    if not os.path.isdir(folder) or lock.is_locked:   # filelock would create the folder
        yield
        return
    try:
        if os.path.islink(path):   # filelock before 3.20 empties the file it leads to
            os.remove(path)
        _acquire(lock)
    except filelock.Timeout:
        raise WorkError(f'{folder} is locked by another process: wait for it to finish, or stop '
                        f'it') from None
    except (OSError, NotImplementedError):
        yield
        return
    try:
        yield
    finally:
        _release(lock)


def _acquire(lock: filelock.BaseFileLock) -> None:
    lock.acquire(poll_interval=POLL_S)
    while not os.path.exists(lock.lock_file):   # removed by its last holder: it locks nobody out
        lock.release()
        lock.acquire(poll_interval=POLL_S)


def _release(lock: filelock.BaseFileLock) -> None:
    with contextlib.suppress(OSError):   # somebody cleared the folder
        os.remove(lock.lock_file)   # while it is locked, or it may be another process's by now
    lock.release()
