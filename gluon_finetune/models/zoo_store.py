"""Fetches the zoos' pretrained weights, once, whole and right; knows nothing about networks.

MXNet's own `get_model_file` resumes nothing, checks a file after it has replaced another by it, and
lets processes that want the same file fetch it all.
"""
import contextlib
import functools
import os
import shutil
import zipfile

from ..compat.imports import mx
from ..errors import UsageError, WorkError
from ..files.http import fetch
from ..files.hashing import file_sha1, stream_sha1
from ..files.locks import lock_to_create
from .params_file import MOST_BYTES


def stored_file(store, name):
    """Return the path of `name`'s weights in $MXNET_HOME/models, fetched if they are not there.

    `store` is the `model_store` module of a zoo, which knows the SHA-1. They come from
    $MXNET_GLUON_REPO or the zoo's own address. Raises `KeyError` where the zoo has none,
    `UsageError` for a mirror that is no address, `WorkError` if they cannot be had.
    """
    sha1 = store._model_sha1[name]
    file_name = f'{name}-{sha1[:8]}.params'
    root = os.path.expanduser(os.path.join(mx.base.data_dir(), 'models'))
    path = os.path.join(root, file_name)
    advice = (f'put {file_name} into {root}, set MXNET_GLUON_REPO to a mirror of the zoo, or give '
              f'a local file as the source')
    with lock_to_create(path, advice, lambda path: os.path.isfile(path) and file_sha1(path) == sha1
                   ) as missing:
        if missing:
            _fetch(_address(store, file_name), path, sha1, advice)
    return path


def _address(store, file_name):
    mirror = os.environ.get('MXNET_GLUON_REPO') or store.apache_repo_url
    if not mirror.startswith(('http://', 'https://')):
        raise UsageError(f'MXNET_GLUON_REPO is {mirror}: it must begin with http:// or https://; '
                         f'files of your own belong into $MXNET_HOME/models')
    return f'{mirror.rstrip("/")}/gluon/models/{file_name[:-len(".params")]}.zip'


def _fetch(url, path, sha1, advice):
    archive, entry = path[:-len('.params')] + '.zip', os.path.basename(path)
    try:
        fetch(url, archive, sha1, advice, functools.partial(_sha1_inside, entry))
        with _opened(archive, entry) as source, open(path + '.part', 'wb') as copy:
            shutil.copyfileobj(source, copy)
        os.replace(path + '.part', path)
    except OSError as error:
        raise WorkError(f'cannot write {path} ({error.strerror}): make room there and try again, '
                        f'or {advice}') from None
    finally:
        for rest in (archive, path + '.part'):
            with contextlib.suppress(FileNotFoundError):
                os.remove(rest)


def _sha1_inside(entry, archive):
    """SHA-1 of an entry, or of the archive where there is none to be had."""
    try:
        with _opened(archive, entry) as source:
            return stream_sha1(source)
    except Exception:   # zipfile answers damage with whatever it runs into
        return f'{file_sha1(archive)} (it is no zip with {entry})'


@contextlib.contextmanager
def _opened(archive, entry):
    with zipfile.ZipFile(archive) as file:
        if file.getinfo(entry).file_size > MOST_BYTES:   # zipfile reads no further than this says
            raise zipfile.BadZipFile('a bomb')
        with file.open(entry) as source:
            yield source
