"""Lists the entries of a zip or tar archive, and reads them; knows not where they will go.

The libraries answer damage with whatever they run into, and read headers of any size.
"""
import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections import namedtuple

from ..errors import UsageError

_CHUNK = 1 << 17

# `kind` is 'file', 'folder' or 'link'; `open` opens it, to be read in chunks.
Entry = namedtuple('Entry', 'name kind open')


class Damaged(Exception):
    """The archive cannot be read on."""


def entries(file, archive):
    """Yield each `Entry` of an open file; raises `Damaged`, and `UsageError` for another kind."""
    # By its beginning: a tar archive may end in a zip, and zipfile would take it for that one.
    read = _zip_entries if file.read(4) in (b'PK\3\4', b'PK\5\6') else _tar_entries
    file.seek(0)
    return _undamaged(read(archive, file))


def chunks(entry):
    """Yield what is in an entry, piece by piece; raises `Damaged`."""
    return _undamaged(_chunks(entry))


def _chunks(entry):
    with entry.open() as source:
        yield from iter(lambda: source.read(_CHUNK), b'')


def _undamaged(values):
    while True:
        try:
            value = next(values)
        except StopIteration:
            return
        except (UsageError, Damaged):
            raise
        except Exception as error:
            raise Damaged(' '.join(str(error).split()) or type(error).__name__) from None
        yield value


def _zip_entries(archive, file):
    with zipfile.ZipFile(file) as opened:
        for info in opened.infolist():
            # The upper half are Unix permissions, 0 where the archive was made elsewhere.
            link = stat.S_ISLNK(info.external_attr >> 16)
            kind = 'folder' if info.is_dir() else 'link' if link else 'file'
            name = info.filename
            if not info.flag_bits & 0x800:   # not said to be UTF-8, which macOS writes all the same
                name = _decoded(name.encode('cp437'), 'cp437')
            yield Entry(name, kind, lambda info=info: opened.open(info))


def _tar_entries(archive, file):
    plain = _Guarded(_decompressed(file))
    try:
        opened = tarfile.open(fileobj=plain, mode='r:')
    except tarfile.ReadError:
        raise UsageError(f'{archive} is neither a zip nor a tar archive') from None
    with opened:
        for info in opened:
            kind = 'folder' if info.isdir() else 'file' if info.isreg() else 'link'
            name = _decoded(info.name.encode('utf-8', 'surrogateescape'), 'latin-1')
            yield Entry(name, kind, lambda info=info: opened.extractfile(info))
            opened.members.clear()   # or they would all be kept


def _decompressed(file):
    start = file.read(6)
    file.seek(0)
    for magic, module in ((b'\x1f\x8b', gzip), (b'BZh', bz2), (b'\xfd7zXZ\0', lzma)):
        if start.startswith(magic):
            return module.open(file)
    return file


class _Guarded:
    """A file that is read once, in small pieces.

    tarfile would read a header of any size that it declares, and go back where a size is negative.
    """

    def __init__(self, file):
        self.file, self.tell = file, file.tell

    def read(self, size):
        if not 0 <= size <= _CHUNK:
            raise Damaged(f'a header of {size} bytes')
        return self.file.read(size)

    def seek(self, position):
        if position < self.tell():
            raise Damaged('an entry of a negative size')
        self.file.seek(position)


def _decoded(name, otherwise):
    try:
        return name.decode('utf-8')
    except UnicodeDecodeError:
        return name.decode(otherwise)
