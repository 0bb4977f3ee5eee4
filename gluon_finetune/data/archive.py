"""Unpacks a zip or tar archive without leaving its folder; knows nothing of what is in it."""
import functools
import os
import pathlib
import shutil
import stat
import tarfile
import zipfile
import zlib

from ..errors import UsageError, WorkError


def unpack(archive, folder):
    """Unpack an archive into `folder`, which appears when everything is in it, and not before.

    Raises `UsageError` for another kind of file, and for an entry that would land outside of the
    folder or is neither a file nor a folder; `WorkError` for damage and for what the disk refuses.
    """
    half = folder + '.part'
    shutil.rmtree(half, ignore_errors=True)   # of a process that was killed
    try:
        os.makedirs(half)
        for name, kind, open_entry in _entries(archive):
            _unpack_entry(archive, half, name, kind, open_entry)
        os.rename(half, folder)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, RuntimeError) as error:
        raise WorkError(f'{archive} is damaged ({error}): fetch it again') from None
    except OSError as error:
        raise WorkError(f'cannot unpack {archive} into {folder}: {error.strerror}') from None
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _entries(archive):
    """Yield (name, 'file', 'folder' or 'link', function that opens it) of each entry."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            for entry in file.infolist():
                # The upper half are Unix permissions, 0 where the archive was made elsewhere.
                link = stat.S_ISLNK(entry.external_attr >> 16)
                kind = 'folder' if entry.is_dir() else 'link' if link else 'file'
                yield entry.filename, kind, functools.partial(file.open, entry)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as file:
            for entry in file:
                kind = 'folder' if entry.isdir() else 'file' if entry.isfile() else 'link'
                yield entry.name, kind, functools.partial(file.extractfile, entry)
    else:
        raise UsageError(f'{archive} is neither a zip nor a tar archive')


def _unpack_entry(archive, folder, name, kind, open_entry):
    path = pathlib.PureWindowsPath(name)   # knows slashes, backslashes and drives on every system
    if path.anchor or '..' in path.parts:
        raise UsageError(f'{archive} is not to be trusted: its entry {name} leads out of the '
                         'folder it is unpacked in; nothing was unpacked')
    if kind == 'link':
        raise UsageError(f'{archive} is not to be trusted: its entry {name} is a link or a device; '
                         'nothing was unpacked')
    target = os.path.join(folder, *path.parts)
    if kind == 'folder':
        os.makedirs(target, exist_ok=True)
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open_entry() as source, open(target, 'wb') as copy:
        shutil.copyfileobj(source, copy)
