"""Download of one file over HTTP or HTTPS: retries, resume by range, SHA-1 check."""
from __future__ import annotations

import errno
import functools
import http.client
import os
from typing import Callable

import requests
import urllib3

from ..errors import WorkError
from ..progress import log, tqdm
from .hashing import file_sha1
from .http_session import RequestFailed, error_inside, get, new_session, reason_of, status_of

# Applied by `_download`. Mounted on the session it would read the body of a failed response to its
# end before the next try, however long that is, and could not resume a body that breaks off.
RETRY = urllib3.Retry(total=4, backoff_factor=1, status_forcelist=[408, 429, *range(500, 600)])
CHUNK_BYTES = 1 << 14   # what may be lost when a connection breaks


def fetch(url: str, path: str, sha1: str | None, advice: str,
          find_sha1: Callable[[str], str] = file_sha1) -> None:
    """Download `url` to `path`, which appears once it is complete and its SHA-1 is right.

    What has arrived stays in `path`.part and is resumed by the next call, if there is a SHA-1 to
    tell whether both parts are of one file.

    Args:
        url: An http or https URL.
        path: The file to write; an existing one is replaced.
        sha1: The expected SHA-1 in hexadecimal; None: any content is accepted.
        advice: What the user can do instead; the end of the error message.
        find_sha1: Computes the SHA-1 to compare from the path of the downloaded file.

    Raises:
        WorkError: If the last try fails, the disk refuses the file, or it arrives twice with
            another SHA-1.
    """
    part = f'{path}.part'
    try:
        for _ in range(2):
            _download(url, part, advice, checked=sha1 is not None)
            found = find_sha1(part)
            if sha1 in (None, found):
                os.replace(part, path)
                return
            os.remove(part)
    except OSError as error:
        if sha1 is None:
            _remove(part)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        room = f'free space in {os.path.dirname(path)} and try again, or ' if full else ''
        raise WorkError(f'cannot write {part} ({error.strerror}): {room}{advice}') from None
    raise WorkError(f'{url} was downloaded twice with SHA-1 {found} instead of {sha1}: the file on '
                    f'the server has changed, or a proxy changes it; {advice}')


def _download(url: str, part: str, advice: str, checked: bool) -> None:
    """Fill `part`, in as many tries as `RETRY` allows."""
    if not checked:
        _remove(part)
    version, retry = None, RETRY
    log(f'downloading {url}')
    while True:
        try:
            _append_rest(url, part, version, checked)
            return
        except RequestFailed as failure:
            if failure.final or not retry.total:
                if not checked:
                    _remove(part)
                raise WorkError(f'cannot download {url} ({failure}): {advice}') from None
            version, reason = failure.version, str(failure)
        retry = retry.increment('GET', url)
        log(f'{reason}: trying again in {retry.get_backoff_time():g} s '
            f'({RETRY.total - retry.total} of {RETRY.total})')
        retry.sleep()


def _append_rest(url: str, part: str, version: str | None, checked: bool) -> None:
    """Download what `part` lacks of this version, or everything if the server has another."""
    start = os.path.getsize(part) if os.path.exists(part) and (version or checked) else 0
    headers = {'Accept-Encoding': 'identity'}   # ranges and lengths are those of the file
    if start:
        headers['Range'] = f'bytes={start}-'
        headers.update({'If-Range': version} if version else {})
    with new_session() as session, get(session, url, headers) as response:
        status = response.status_code
        if status == 416 and start:
            if checked:   # `part` may be complete
                return
            _remove(part)
            raise RequestFailed('the file on the server became shorter')
        if not 200 <= status < 300:
            final = not RETRY.is_retry('GET', status)
            raise RequestFailed(status_of(response), final, version)
        if status != 206:
            start = 0
        elif not response.headers.get('Content-Range', '').startswith(f'bytes {start}-'):
            _remove(part)
            raise RequestFailed('the server resumed at another byte')
        _write_body(response, part, start, os.path.basename(url))


def _write_body(response: requests.Response, part: str, start: int, name: str) -> None:
    length, error = response.raw.length_remaining, None
    total = None if length is None else start + length
    read = functools.partial(response.raw.read, CHUNK_BYTES, decode_content=False)
    with open(part, 'ab' if start else 'wb') as file, tqdm(
            desc=name, initial=start, total=total, unit='B', unit_scale=True) as bar:
        try:
            for chunk in iter(read, b''):
                file.write(chunk)
                bar.update(len(chunk))
        except urllib3.exceptions.HTTPError as broken:
            error = error_inside(broken)
        if error or total not in (None, file.tell()):
            reason = f'broke off after {file.tell()} of {total or "an unknown number of"} bytes'
            if error and not isinstance(error, http.client.IncompleteRead):
                reason = reason_of(error)
            raise RequestFailed(reason, version=_version(response))


def _version(response: requests.Response) -> str | None:
    """Return a strong ETag or the date of the file, for If-Range."""
    etag: str | None = response.headers.get('ETag')
    return etag if etag and not etag.startswith('W/') else response.headers.get('Last-Modified')


def _remove(path: str) -> None:
    if os.path.isfile(path):
        os.remove(path)
