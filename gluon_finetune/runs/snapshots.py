"""Numbered folders of files, each whole or not there; knows nothing of what the files are for.

A folder is written under another name, forced onto the disk and renamed. `SHA256SUMS` in it has the
hash of every other file, as `sha256sum -c` reads it, so that damage at any later time shows.
"""
import contextlib
import os
import re
import shutil

from ..errors import UsageError
from ..files.atomic import fsync_folder, new_file
from ..files.hashing import file_sha256
from ..files.read import read_bytes

SUMS, TEMPORARY = 'SHA256SUMS', 'tmp'
KEPT = 2           # of the newest folders: should one be damaged later, there is the one before
MOST_BYTES = 1 << 16
_NUMBER = re.compile('[0-9]{6,12}')
_LINE = re.compile(r'([0-9a-f]{64})  ([\w.-]+)')


class Snapshot:
    """One folder that was found whole: `sums` has the SHA-256 of each of its files by name."""

    def __init__(self, path):
        self.path, self.sums = path, _checked_sums(path)

    def file(self, name):
        """Path of one of its files; raises `UsageError` where there is none of that name."""
        if name not in self.sums:
            raise UsageError(f'{self.path} is damaged: it has no {name}')
        return os.path.join(self.path, name)


def whole_snapshots(folder, names):
    """Yields the whole ones, the newest first, as `(Snapshot, None)`, others as `(None, why)`.

    `names` are the files it must have at least.
    """
    for number in reversed(numbers(folder)):
        try:
            snapshot = Snapshot(_path(folder, number))
            for name in names:
                snapshot.file(name)
        except UsageError as error:
            yield None, str(error)
        else:
            yield snapshot, None


def numbers(folder):
    """The numbers of the snapshots in a folder, whole or not, in rising order."""
    if os.path.islink(folder):
        raise UsageError(f'{folder} is a link: a run keeps its checkpoints in a folder of its own')
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(int(name) for name in names if _NUMBER.fullmatch(name))


def write_snapshot(folder, writers):
    """Adds a `Snapshot` with what each of `writers`, name -> function of a file, writes.

    Of the older ones the newest stays. Raises `OSError` where the disk does not take it; then, and
    after any other break, all is as it was.
    """
    older = numbers(folder)
    path, temporary = _path(folder, max(older, default=0) + 1), os.path.join(folder, TEMPORARY)
    shutil.rmtree(temporary, ignore_errors=True)   # of a process that was killed
    try:
        os.mkdir(temporary)
        _write_files(temporary, writers)
        os.rename(temporary, path)
        fsync_folder(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    for number in older[:-(KEPT - 1)]:
        _remove(folder, _path(folder, number))
    return Snapshot(path)


def discard_others(folder, whole):
    """Removes every snapshot that is not among `whole`, and what a killed process left."""
    kept = {snapshot.path for snapshot in whole}
    for path in [_path(folder, number) for number in numbers(folder)]:
        if path not in kept:
            _remove(folder, path)
    shutil.rmtree(os.path.join(folder, TEMPORARY), ignore_errors=True)


def _remove(folder, path):
    """Remove a snapshot in such a way that no half of it is taken for a damaged one."""
    temporary = os.path.join(folder, TEMPORARY)
    shutil.rmtree(temporary, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.rename(path, temporary)
        shutil.rmtree(temporary, ignore_errors=True)


def _write_files(folder, writers):
    sums = {}
    for name, write in writers.items():
        with new_file(os.path.join(folder, name)) as file:
            write(file)
        sums[name] = file.sha256
    with new_file(os.path.join(folder, SUMS)) as file:
        file.write(''.join(f'{sha256}  {name}\n' for name, sha256 in sums.items()).encode())
    fsync_folder(folder)


def _checked_sums(path):
    try:
        text = read_bytes(os.path.join(path, SUMS), MOST_BYTES).decode('ascii', 'replace')
    except UsageError as error:
        raise UsageError(f'{path} is damaged: {error}') from None
    lines = [_LINE.fullmatch(line) for line in text.split('\n')[:-1]]
    if not lines or not all(lines) or not text.endswith('\n'):
        raise UsageError(f'{path} is damaged: its {SUMS} is no list of hashes')
    sums = {line[2]: line[1] for line in lines}
    for name, sha256 in sums.items():
        file = os.path.join(path, name)
        if not os.path.isfile(file) or os.path.islink(file) or file_sha256(file) != sha256:
            raise UsageError(f'{path} is damaged: {name} is not what was written')
    return sums


def _path(folder, number):
    return os.path.join(folder, f'{number:06d}')
