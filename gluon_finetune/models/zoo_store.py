"""Downloads of the zoos' pretrained weights.

MXNet's own `get_model_file` does not resume, checks a file only after replacing the old one, and
downloads once per process.
"""
from __future__ import annotations

import contextlib
import functools
import os
import shutil
import zipfile
from typing import IO, Any, Iterator

from ..compat.imports import mx, zoo_sha1
from ..errors import UsageError, WorkError
from ..files.hashing import file_sha1, stream_sha1
from ..files.http import fetch
from ..files.locks import lock_to_create
from .params_file import MAX_BYTES


def stored_file(store: Any, name: str) -> str:
    """Return the path of weights in $MXNET_HOME/models, downloaded if they are not there.

    They come from $MXNET_GLUON_REPO or the zoo's own URL.

    Args:
        store: The `model_store` module of a zoo, which has the SHA-1.
        name: Name of the network.

    Raises:
        KeyError: If the zoo has no weights for it.
        UsageError: If the mirror is not an http or https URL.
        WorkError: If the download fails.
    """
    sha1 = zoo_sha1(store, name)
    file_name = f'{name}-{sha1[:8]}.params'
    root = os.path.expanduser(os.path.join(mx.base.data_dir(), 'models'))
    path = os.path.join(root, file_name)
    advice = (f'put {file_name} into {root}, set MXNET_GLUON_REPO to a mirror of the zoo, or give '
              f'a local file as the source')

    def exists(path: str) -> bool:
        return os.path.isfile(path) and file_sha1(path) == sha1

    with lock_to_create(path, advice, exists) as missing:
        if missing:
            _fetch(_url(store, file_name), path, sha1, advice)
    return path


def _url(store: Any, file_name: str) -> str:
    mirror: str = os.environ.get('MXNET_GLUON_REPO') or store.apache_repo_url
    if not mirror.startswith(('http://', 'https://')):
        raise UsageError(f'MXNET_GLUON_REPO is {mirror}: it must begin with http:// or https://; '
                         'your own files belong in $MXNET_HOME/models')
    return f'{mirror.rstrip("/")}/gluon/models/{file_name[:-len(".params")]}.zip'


def _fetch(url: str, path: str, sha1: str, advice: str) -> None:
    archive, entry = path[:-len('.params')] + '.zip', os.path.basename(path)
    try:
        fetch(url, archive, sha1, advice, functools.partial(_sha1_inside, entry))
        with _opened(archive, entry) as source, open(path + '.part', 'wb') as copy:
            shutil.copyfileobj(source, copy)
        os.replace(path + '.part', path)
    except OSError as error:
        raise WorkError(f'cannot write {path} ({error.strerror}): free space there and try '
                        f'again, or {advice}') from None
    finally:
        for rest in (archive, path + '.part'):
            with contextlib.suppress(FileNotFoundError):
                os.remove(rest)


def _sha1_inside(entry: str, archive: str) -> str:
    """Return the SHA-1 of an entry, or that of the archive if the entry cannot be read."""
    try:
        with _opened(archive, entry) as source:
            return stream_sha1(source)
    except Exception:   # zipfile raises anything for corrupt archives
        return f'{file_sha1(archive)} (it is not a zip archive with {entry})'


@contextlib.contextmanager
def _opened(archive: str, entry: str) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(archive) as file:
        if file.getinfo(entry).file_size > MAX_BYTES:   # zipfile reads no further than this says
            raise zipfile.BadZipFile('a bomb')
        with file.open(entry) as source:
            yield source
