"""Unpacks a zip or tar archive without leaving its folder; knows nothing of what is in it.

The archive is trusted with nothing: not its names, not its sizes, not its kinds of entries.
"""
import errno
import os
import pathlib
import shutil

from ..errors import UsageError, WorkError
from .archive_entries import Damaged, chunks, entries

MOST_ENTRIES = 5_000_000     # ImageNet has 1.4 million images
MOST_BYTES = 1 << 40         # ... and 150 GB
MOST_RATIO = 200             # bytes out for each byte of the archive; images hardly shrink ...
SMALL_ENOUGH = 100_000_000   # ... and so much is no bomb whatever the ratio
MOST_FOLDERS = 100           # in one another


def unpack(archive, folder):
    """Unpack an archive into `folder`, which appears when everything is in it, and not before.

    Raises `UsageError` for another kind of file, for an entry that would land outside of the
    folder, fall on another or is neither a file nor a folder, and for more than any data set has;
    `WorkError` for damage and for what the disk refuses.
    """
    half = folder + '.part'
    shutil.rmtree(half, ignore_errors=True)   # of a process that was killed
    try:
        os.makedirs(half)
        _unpack_entries(archive, half)
        os.rename(half, folder)
    except Damaged as error:
        raise WorkError(f'{archive} is damaged ({error}): fetch it again') from None
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        room = f'; make room in {os.path.dirname(folder)} and try again' if full else ''
        raise WorkError(f'cannot unpack {archive} into {folder}: {error.strerror}{room}') from None
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _unpack_entries(archive, folder):
    most = min(MOST_BYTES, max(SMALL_ENOUGH, MOST_RATIO * os.path.getsize(archive)))
    left = most
    with open(archive, 'rb') as file:
        for number, entry in enumerate(entries(file, archive)):
            if number == MOST_ENTRIES:
                raise _untrusted(archive, f'it has more than {MOST_ENTRIES} entries')
            target = os.path.join(folder, *_parts(archive, entry))
            try:
                left -= _unpack_entry(entry, target, left)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                raise _untrusted(archive, f'its entry {entry.name!r} falls on another') from None
            except OSError as error:
                if error.errno == errno.ENAMETOOLONG:
                    raise _untrusted(archive, f'the name of its entry {entry.name[:40]!r}... is '
                                              f'too long') from None
                raise
            if left < 0:
                raise _untrusted(archive, f'it unpacks to more than {most} bytes')


def _parts(archive, entry):
    path = pathlib.PureWindowsPath(entry.name)   # knows slashes, backslashes and drives everywhere
    if path.anchor or '..' in path.parts:
        raise _untrusted(archive, f'its entry {entry.name} leads out of the folder it is unpacked '
                                  f'in')
    if entry.kind == 'link':
        raise _untrusted(archive, f'its entry {entry.name} is a link or a device')
    if '\0' in entry.name or not path.parts and entry.kind == 'file':
        raise _untrusted(archive, f'its entry {entry.name!r} has no name for a file')
    if len(path.parts) > MOST_FOLDERS:
        raise _untrusted(archive, f'its entry {entry.name[:40]!r}... lies in more than '
                                  f'{MOST_FOLDERS} folders')
    return path.parts


def _untrusted(archive, reason):
    return UsageError(f'{archive} is not to be trusted: {reason}; nothing was unpacked')


def _unpack_entry(entry, target, most):
    """Write one entry; return its size, or a little more than `most` where it has more."""
    if entry.kind == 'folder':
        os.makedirs(target, exist_ok=True)
        return 0
    os.makedirs(os.path.dirname(target), exist_ok=True)
    size = 0
    with open(target, 'xb') as copy:   # x: two entries of one name, also where case is ignored
        for chunk in chunks(entry):
            copy.write(chunk)
            size += len(chunk)
            if size > most:
                break
    return size
