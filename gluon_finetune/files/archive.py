"""Safe extraction of zip archives: names, sizes and kinds of entries are checked."""
from __future__ import annotations

import errno
import os
import pathlib
import shutil
import stat
import zipfile
from typing import IO, Iterator

from ..errors import UsageError, WorkError

MAX_ENTRIES = 5_000_000      # ImageNet has 1.4 million images
MAX_BYTES = 1 << 40          # ... and 150 GB
MAX_RATIO = 200              # unpacked bytes per byte of the archive; images hardly shrink
RATIO_FREE_BYTES = 100_000_000   # no bomb, whatever the ratio
MAX_DEPTH = 100              # nested folders
CHUNK_BYTES = 1 << 17
ZIP_MAGIC = b'PK\3\4', b'PK\5\6'   # with entries, and empty


class _Corrupt(Exception):
    """The archive cannot be read."""


def unpack(archive: str, folder: str) -> None:
    """Unpack a zip archive into a new folder, which appears once it is complete.

    Raises:
        UsageError: For another kind of file, for an entry that would leave the folder, overwrite
            another or is neither a file nor a folder, and for more than any data set has.
        WorkError: If the archive is corrupt or the disk refuses its content.
    """
    part = f'{folder}.part'
    shutil.rmtree(part, ignore_errors=True)   # of a process that was killed
    try:
        os.makedirs(part)
        _unpack_entries(archive, part)
        os.rename(part, folder)
    except _Corrupt as error:
        raise WorkError(f'{archive} is corrupt ({error}): download it again') from None
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        room = f'; free space in {os.path.dirname(folder)} and try again' if full else ''
        raise WorkError(f'cannot unpack {archive} into {folder}: {error.strerror}{room}') from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _unpack_entries(archive: str, folder: str) -> None:
    max_bytes = min(MAX_BYTES, max(RATIO_FREE_BYTES, MAX_RATIO * os.path.getsize(archive)))
    left = max_bytes
    with open(archive, 'rb') as file:
        # By its beginning: zipfile also takes a tar archive that ends in a zip.
        if file.read(4) not in ZIP_MAGIC:
            raise UsageError(f'{archive} is not a zip archive: unpack it yourself and use the '
                             f'folder')
        with _opened(file) as opened:
            if len(opened.infolist()) > MAX_ENTRIES:
                raise _unsafe(archive, f'it has more than {MAX_ENTRIES} entries')
            for info in opened.infolist():
                left -= _unpack_entry(archive, opened, info, folder, left)
                if left < 0:
                    raise _unsafe(archive, f'it unpacks to more than {max_bytes} bytes')


def _unpack_entry(archive: str, opened: zipfile.ZipFile, info: zipfile.ZipInfo, folder: str,
                  max_bytes: int) -> int:
    """Write one entry; return its size, or a little more than `max_bytes` if it is larger."""
    name = _name(info)
    target = os.path.join(folder, *_checked_parts(archive, info, name))
    try:
        if info.is_dir():
            os.makedirs(target, exist_ok=True)
            return 0
        os.makedirs(os.path.dirname(target), exist_ok=True)
        size = 0
        with open(target, 'xb') as copy:   # x: two entries of one name, also if case is ignored
            for chunk in _chunks(opened, info):
                copy.write(chunk)
                size += len(chunk)
                if size > max_bytes:
                    break
        return size
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        raise _unsafe(archive, f'its entry {name!r} overwrites another') from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise _unsafe(archive, f'the name of its entry {name[:40]!r}... is too long') from None
        raise


def _checked_parts(archive: str, info: zipfile.ZipInfo, name: str) -> tuple[str, ...]:
    """Return the names of the folders and of the file; raise for what is unsafe."""
    path = pathlib.PureWindowsPath(name)   # knows slashes, backslashes and drives everywhere
    if path.anchor or '..' in path.parts:
        raise _unsafe(archive, f'its entry {name!r} leads out of the folder')
    # The upper half are Unix permissions, 0 if the archive was made on another system.
    if stat.S_ISLNK(info.external_attr >> 16) and not info.is_dir():
        raise _unsafe(archive, f'its entry {name!r} is a link')
    if '\0' in name or not path.parts and not info.is_dir():
        raise _unsafe(archive, f'its entry {name!r} has no valid name')
    if len(path.parts) > MAX_DEPTH:
        raise _unsafe(archive, f'its entry {name[:40]!r}... is nested deeper than {MAX_DEPTH} '
                               f'folders')
    return path.parts


def _unsafe(archive: str, reason: str) -> UsageError:
    return UsageError(f'{archive} is unsafe: {reason}; nothing was unpacked')


def _name(info: zipfile.ZipInfo) -> str:
    if not info.flag_bits & 0x800:   # not marked as UTF-8, which macOS writes all the same
        try:
            return info.filename.encode('cp437').decode('utf-8')
        except UnicodeError:
            pass
    return info.filename


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except Exception as error:   # zipfile raises anything for corrupt archives
        raise _corrupt(error) from None


def _chunks(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with opened.open(info) as source:
            yield from iter(lambda: source.read(CHUNK_BYTES), b'')
    except Exception as error:
        raise _corrupt(error) from None


def _corrupt(error: Exception) -> _Corrupt:
    return _Corrupt(' '.join(str(error).split()) or type(error).__name__)
