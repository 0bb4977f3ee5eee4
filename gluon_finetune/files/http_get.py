"""Gets what is missing of a file with one request, if it is still the same; knows no retries."""
import contextlib
import http.client
import os
import urllib.error

from ..progress import tqdm
from .connection import open_url

_CHUNK = 1 << 18


class Broken(Exception):
    """This try failed; `final` where another would fail in the same way.

    `version` is the ETag or date of the file that arrived in part.
    """

    def __init__(self, reason, final=False, version=None):
        super().__init__(reason)
        self.final, self.version = final, version


def append_rest(url, part, version, checked):
    """Download what the file `part` lacks, or everything where the server says that it changed.

    `part` is of that `version`; None: not known, which will do where the whole is `checked`
    afterwards. Raises `Broken`, and `OSError` for what the disk refuses.
    """
    have = os.path.getsize(part) if os.path.exists(part) and (version or checked) else 0
    answer = _ask(url, have, version)
    if answer is None:
        if checked:   # the part may be the whole
            return
        _discard(part)
        raise Broken('the file there became shorter')
    with answer:
        if answer.status != 206:
            have = 0
        elif not (answer.headers['Content-Range'] or '').startswith(f'bytes {have}-'):
            _discard(part)
            raise Broken('the server resumed at another byte')
        _write(answer, url, part, have, None if answer.length is None else have + answer.length)


def _discard(part):
    with contextlib.suppress(FileNotFoundError):
        os.remove(part)


def _write(answer, url, part, have, total):
    with open(part, 'ab' if have else 'wb') as file, tqdm(
            desc=os.path.basename(url), initial=have, total=total, unit='B', unit_scale=True,
            disable=None) as bar:
        for chunk in iter(lambda: _read(answer), b''):
            file.write(chunk)
            bar.update(len(chunk))
        if total is not None and file.tell() != total:
            raise Broken(f'broke off after {file.tell()} of {total} bytes',
                         version=_version(answer))


def _read(answer):
    try:
        chunk = answer.read1(_CHUNK)
        answer.watchdog.count += len(chunk)
        answer.watchdog.check()
        return chunk
    except (OSError, http.client.HTTPException) as error:
        raise Broken(_reason(error), version=_version(answer)) from None


def _ask(url, start, version):
    """Request a file from byte `start` of that version; None where nothing follows it."""
    headers = {'Range': f'bytes={start}-', **({'If-Range': version} if version else {})}
    try:
        return open_url(url, headers if start else {})
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:
            return None
        final = 300 <= error.code < 500 and error.code not in (408, 429)
        raise Broken(f'{error.code} {" ".join(error.reason.split())}', final, version) from None
    except (OSError, http.client.HTTPException) as error:
        raise Broken(_reason(error), version=version) from None
    except ValueError as error:   # an address that is none
        raise Broken(_reason(error), final=True) from None


def _version(answer):
    """What the server names the file's version by, or None: an ETag that is not weak, a date."""
    etag = answer.headers['ETag']
    return etag if etag and not etag.startswith('W/') else answer.headers['Last-Modified']


def _reason(error):
    error = getattr(error, 'reason', error)   # urllib wraps what the socket said
    return getattr(error, 'strerror', None) or str(error) or type(error).__name__
