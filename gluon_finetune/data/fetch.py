"""Downloads one file over HTTP, resuming what broke off; knows nothing of data sets."""
import http.client
import os
import time
import urllib.error
import urllib.request

from ..errors import WorkError
from ..progress import tqdm
from .hub import file_sha1

TIMEOUT = 30            # seconds without a byte
WAITS = (1, 2, 4, 8)    # seconds before each further try
_CHUNK = 1 << 18


class _Broken(Exception):
    """This try failed; `final` where another would fail in the same way."""

    def __init__(self, reason, final=False):
        super().__init__(reason)
        self.final = final


def fetch(url, path, sha1, advice):
    """Download `url` to `path`, which appears when its SHA-1 is right, or `sha1` is None.

    What has arrived stays in `path`.part, for the next call to resume. Raises `WorkError` that ends
    in `advice` when the last try has failed, and for a file with another SHA-1, which is removed.
    """
    part = path + '.part'
    for wait in WAITS + (None,):
        try:
            _append_rest(url, part)
            break
        except _Broken as broken:
            if broken.final or wait is None:
                raise WorkError(f'cannot download {url} ({broken}): {advice}') from None
            time.sleep(wait)
        except OSError as error:
            raise WorkError(f'cannot write {part}: {error.strerror}') from None
    found = file_sha1(part)
    if sha1 is not None and found != sha1:
        os.remove(part)
        raise WorkError(f'{url} arrived with SHA-1 {found} instead of {sha1} and was removed: '
                        'try again; if it comes back the same, the file there has changed')
    os.replace(part, path)


def _append_rest(url, part):
    """Download what `part` lacks; a server that does not resume sends everything again."""
    have = os.path.getsize(part) if os.path.exists(part) else 0
    answer = _ask(url, have)
    if answer is None:
        return
    with answer:
        if answer.status != 206:
            have = 0
        total = None if answer.length is None else have + answer.length
        with open(part, 'ab' if have else 'wb') as file, tqdm(
                desc=os.path.basename(url), initial=have, total=total, unit='B', unit_scale=True,
                disable=None) as bar:
            for chunk in iter(lambda: _read(answer), b''):
                file.write(chunk)
                bar.update(len(chunk))
            if total is not None and file.tell() != total:
                raise _Broken(f'broke off after {file.tell()} of {total} bytes')


def _ask(url, start):
    """Request a file from byte `start`; None where nothing follows it."""
    request = urllib.request.Request(url, headers={'Range': f'bytes={start}-'} if start else {})
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:
            return None
        final = 400 <= error.code < 500 and error.code not in (408, 429)
        raise _Broken(f'{error.code} {error.reason}', final) from None
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(_reason(error)) from None


def _read(answer):
    try:
        return answer.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(_reason(error)) from None


def _reason(error):
    error = getattr(error, 'reason', error)   # urllib wraps what the socket said
    return getattr(error, 'strerror', None) or str(error) or type(error).__name__
