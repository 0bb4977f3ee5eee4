"""Downloads one file over HTTP, resuming what broke off; knows nothing of data sets."""
import errno
import os
import time

from ..errors import WorkError
from .hashing import file_sha1
from .http_get import Broken, append_rest

WAITS = (1, 2, 4, 8)    # seconds before each further try


def fetch(url, path, sha1, advice, find_sha1=file_sha1):
    """Download `url` to `path`, which appears when its SHA-1 is right, or `sha1` is None.

    What has arrived stays in `path`.part for the next call to resume, if there is a SHA-1 that will
    tell whether both halves are of one file. `find_sha1(path)` finds it where it is not that of
    the file itself. Raises `WorkError` that ends in `advice` when the last try has failed, and for
    a file that arrives twice with another SHA-1, which is removed.
    """
    part = path + '.part'
    try:
        for _ in range(2):
            _arrive(url, part, advice, sha1 is not None)
            found = find_sha1(part)
            if sha1 in (None, found):
                os.replace(part, path)
                return
            os.remove(part)
    except OSError as error:
        if sha1 is None:
            _remove(part)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        room = f'make room in {os.path.dirname(path)} and try again, or ' if full else ''
        raise WorkError(f'cannot write {part} ({error.strerror}): {room}{advice}') from None
    raise WorkError(f'{url} arrived twice with SHA-1 {found} instead of {sha1} and was removed, '
                    f'for the file there has changed, or something on the way changes it: {advice}')


def _arrive(url, part, advice, checked):
    """Fill `part`, in as many tries as `WAITS` allows; what is not `checked` is begun anew."""
    if not checked:
        _remove(part)
    version = None   # of the file that the bytes of this call are from
    for wait in WAITS + (None,):
        try:
            append_rest(url, part, version, checked)
            return
        except Broken as broken:
            if broken.final or wait is None:
                if not checked:
                    _remove(part)
                raise WorkError(f'cannot download {url} ({broken}): {advice}') from None
            version = broken.version
            time.sleep(wait)


def _remove(path):
    if os.path.isfile(path):
        os.remove(path)
