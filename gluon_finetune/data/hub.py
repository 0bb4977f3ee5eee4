"""Finds the chapter's data sets: in a local copy, in the cache, or at their address."""
import os
import urllib.parse
import urllib.request

from ..errors import UsageError, WorkError
from ..files.archive import unpack
from ..files.cache_dir import cache_dir
from ..files.http import fetch
from ..files.hashing import file_sha1
from ..files.locks import lock_to_create

DATA_URL = 'http://d2l-data.s3-accelerate.amazonaws.com/'

# Name of a data set -> its address (also a path or file://) and SHA-1 (None: anything will do).
DATA_HUB = {'hotdog': (DATA_URL + 'hotdog.zip', 'fba480ffa8aa7e0febbb511d181409f899b9baa5')}

_ELSEWHERE = 'name another folder in GLUON_FINETUNE_CACHE'


_default_cache = cache_dir   # the chapter's `download` has an argument of this name


def download(name, cache_dir=None):
    """Return the path of the file `DATA_HUB[name] = (url, sha1)`, fetched to the cache if need be.

    A path or file:// address is used where it lies. A download that broke off is resumed, by this
    call or the next. Raises `UsageError` for an unknown name and a local file that is not there,
    `WorkError` where the download fails or the file is not the one promised.
    """
    if name not in DATA_HUB:
        raise UsageError(f'{name!r} is not in DATA_HUB, which knows {", ".join(sorted(DATA_HUB))}: '
                         'set DATA_HUB[name] = (url, sha1)')
    url, sha1 = DATA_HUB[name]
    path = _local_path(url)
    if path is None:
        path = os.path.join(cache_dir or _default_cache(), _file_name(url))
        with lock_to_create(path, _ELSEWHERE) as missing:
            if missing:
                fetch(url, path, sha1, f'fetch it by other means and put it at {path}, or name a '
                                       'local copy in GLUON_FINETUNE_DATA')
                return path
    elif not os.path.isfile(path):
        raise UsageError(f'no such file: {path}, the address of {name!r} in DATA_HUB')
    found = file_sha1(path)
    if sha1 not in (None, found):
        raise WorkError(f'{path} has SHA-1 {found} instead of {sha1}: it is damaged or another '
                        'file; remove it and try again')
    return path


def download_extract(name, folder=None):
    """Return the folder that the archive `DATA_HUB[name]` unpacks to, fetched if need be.

    With `folder`, that folder in the archive. `$GLUON_FINETUNE_DATA` names a local copy: the
    folder, its archive, or a folder that holds either; it is taken as it is, whatever its SHA-1.
    Raises as `download` does, and for an archive that cannot be unpacked safely.
    """
    copy = _own_copy(name)
    if copy is not None and os.path.isdir(copy):
        return _inside(copy, folder)
    archive = copy or download(name)
    unpacked = os.path.join(cache_dir(), f'{name}-{file_sha1(archive)[:8]}')
    with lock_to_create(unpacked, _ELSEWHERE) as missing:
        if missing:
            unpack(archive, unpacked)
    return _inside(unpacked, folder or _only_folder(unpacked))


def _own_copy(name):
    """Path of the folder or archive that $GLUON_FINETUNE_DATA names for a data set, or None."""
    own = os.path.expanduser(os.environ.get('GLUON_FINETUNE_DATA', ''))
    if not own:
        return None
    archive = _file_name(DATA_HUB[name][0]) if name in DATA_HUB else f'{name}.zip'
    for path in (os.path.join(own, name), os.path.join(own, archive)):
        if os.path.exists(path):
            return path
    if os.path.isfile(own) or os.path.isdir(os.path.join(own, 'train')):
        return own
    raise UsageError(f'GLUON_FINETUNE_DATA is {own}: expected the archive {archive}, or a folder '
                     f'with train/, {name}/ or {archive} in it')


def _local_path(url):
    """The path that a file:// address or a bare path means, or None for one on the network."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme in ('http', 'https'):
        return None
    path = urllib.request.url2pathname(parts.path) if parts.scheme == 'file' else url
    return os.path.expanduser(path)


def _file_name(url):
    return os.path.basename(urllib.parse.urlsplit(url).path)


def _only_folder(folder):
    """The one folder an archive holds, as most do; '' where it holds several things."""
    names = [name for name in os.listdir(folder) if name != '__MACOSX' and not name.startswith('.')]
    only = names[0] if len(names) == 1 else ''
    return only if os.path.isdir(os.path.join(folder, only)) else ''


def _inside(root, folder):
    path = os.path.join(root, folder) if folder else root
    if not os.path.isdir(path):
        found = ', '.join(sorted(os.listdir(root)))
        raise UsageError(f'no folder {folder} in {root}: it holds {found}')
    return path
