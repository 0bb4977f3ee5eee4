"""The chapter's data sets: from a local copy, the cache or their URL."""
from __future__ import annotations

import os
import urllib.parse
import urllib.request

from ..errors import UsageError, WorkError
from ..files.archive import unpack
from ..files.cache_dir import cache_dir
from ..files.hashing import file_sha1
from ..files.http import fetch
from ..files.locks import lock_to_create

DATA_URL = 'http://d2l-data.s3-accelerate.amazonaws.com/'

# Name of a data set -> its URL (or path) and SHA-1 (None: any content is accepted).
DATA_HUB: dict[str, tuple[str, str | None]] = {
    'hotdog': (DATA_URL + 'hotdog.zip', 'fba480ffa8aa7e0febbb511d181409f899b9baa5')}

_OTHER_CACHE = 'set GLUON_FINETUNE_CACHE to another folder'
_default_cache = cache_dir   # the chapter's `download` has an argument of this name


def download(name: str, cache_dir: str | None = None) -> str:
    """Return the path of a file of `DATA_HUB`, downloaded to the cache if it is not there.

    A path or file:// URL is used in place. A download that broke off is resumed, by this call or
    the next.

    Args:
        name: A key of `DATA_HUB`, whose value is (url, sha1).
        cache_dir: Folder for the file; default: `$GLUON_FINETUNE_CACHE` or the system's cache.

    Raises:
        UsageError: For an unknown name and a local file that does not exist.
        WorkError: If the download fails or the file has another SHA-1.
    """
    if name not in DATA_HUB:
        raise UsageError(f'unknown data set {name!r}; known data sets: '
                         f'{", ".join(sorted(DATA_HUB))}; add yours as DATA_HUB[name] = (url, '
                         'sha1)')
    url, sha1 = DATA_HUB[name]
    path = _local_path(url)
    if path is None:
        path = os.path.join(cache_dir or _default_cache(), _file_name(url))
        with lock_to_create(path, _OTHER_CACHE) as missing:
            if missing:
                fetch(url, path, sha1, f'download it yourself to {path}, or set '
                                       'GLUON_FINETUNE_DATA to a local copy')
                return path
    elif not os.path.isfile(path):
        raise UsageError(f'no such file: {path} (the URL of {name!r} in DATA_HUB)')
    found = file_sha1(path)
    if sha1 not in (None, found):
        raise WorkError(f'{path} has SHA-1 {found} instead of {sha1}: it is corrupt or another '
                        'file; delete it and try again')
    return path


def download_extract(name: str, folder: str | None = None) -> str:
    """Return the folder that a zip archive of `DATA_HUB` unpacks to, downloaded if necessary.

    `$GLUON_FINETUNE_DATA` can be a local copy: the folder, its archive, or a folder that contains
    either; it is used as it is, whatever its SHA-1.

    Args:
        name: A key of `DATA_HUB`.
        folder: A folder in the archive to return instead.

    Raises:
        UsageError: As `download` does, and for an unsafe archive.
        WorkError: As `download` does, and for a corrupt archive.
    """
    copy = _local_copy(name)
    if copy is not None and os.path.isdir(copy):
        return _inside(copy, folder)
    archive = copy or download(name)
    unpacked = os.path.join(cache_dir(), f'{name}-{file_sha1(archive)[:8]}')
    with lock_to_create(unpacked, _OTHER_CACHE) as missing:
        if missing:
            unpack(archive, unpacked)
    return _inside(unpacked, folder or _only_folder(unpacked))


def _local_copy(name: str) -> str | None:
    """Return the folder or archive in $GLUON_FINETUNE_DATA for a data set."""
    local = os.path.expanduser(os.environ.get('GLUON_FINETUNE_DATA', ''))
    if not local:
        return None
    archive = _file_name(DATA_HUB[name][0]) if name in DATA_HUB else f'{name}.zip'
    for path in (os.path.join(local, name), os.path.join(local, archive)):
        if os.path.exists(path):
            return path
    if os.path.isfile(local) or os.path.isdir(os.path.join(local, 'train')):
        return local
    raise UsageError(f'GLUON_FINETUNE_DATA is {local}: expected the archive {archive}, or a folder '
                     f'with train/, {name}/ or {archive} in it')


def _local_path(url: str) -> str | None:
    """Return the path of a file:// URL or bare path; None for http and https."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme in ('http', 'https'):
        return None
    path = urllib.request.url2pathname(parts.path) if parts.scheme == 'file' else url
    return os.path.expanduser(path)


def _file_name(url: str) -> str:
    return os.path.basename(urllib.parse.urlsplit(url).path)


def _only_folder(folder: str) -> str:
    """Return the one folder that an archive contains; '' if it contains several things."""
    names = [name for name in os.listdir(folder) if name != '__MACOSX' and not name.startswith('.')]
    only = names[0] if len(names) == 1 else ''
    return only if os.path.isdir(os.path.join(folder, only)) else ''


def _inside(root: str, folder: str | None) -> str:
    path = os.path.join(root, folder) if folder else root
    if not os.path.isdir(path):
        found = ', '.join(sorted(os.listdir(root)))
        raise UsageError(f'no folder {folder} in {root}; it contains {found}')
    return path
