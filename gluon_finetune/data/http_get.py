"""Gets what is missing of a file with one request, and never waits without end; knows no retries.

The server is trusted with nothing: not to be fast, to keep its file, or to redirect to the network.
"""
import contextlib
import http.client
import os
import re
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request

from tqdm import tqdm

TIMEOUT = 30        # seconds without a byte
WINDOW = 60         # seconds in which so few bytes arrive that it had better be tried anew:
LEAST = 10_000
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
        os.remove(part)
        raise Broken('the file there became shorter')
    with answer:
        if answer.status != 206:
            have = 0
        elif not (answer.headers['Content-Range'] or '').startswith(f'bytes {have}-'):
            os.remove(part)
            raise Broken('the server resumed at another byte')
        _write(answer, url, part, have, None if answer.length is None else have + answer.length)


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
    request = urllib.request.Request(url, headers=headers if start else {})
    try:
        return _opener().open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:
            return None
        final = 300 <= error.code < 500 and error.code not in (408, 429)
        raise Broken(f'{error.code} {" ".join(error.reason.split())}', final, version) from None
    except (OSError, http.client.HTTPException) as error:
        raise Broken(_reason(error), version=version) from None


def _version(answer):
    """What the server names the file's version by, or None: an ETag that is not weak, a date."""
    etag = answer.headers['ETag']
    return etag if etag and not etag.startswith('W/') else answer.headers['Last-Modified']


def _reason(error):
    error = getattr(error, 'reason', error)   # urllib wraps what the socket said
    return getattr(error, 'strerror', None) or str(error) or type(error).__name__


def _opener():
    return urllib.request.build_opener(_Http, _Https, _Redirects)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to the network alone, and not from https to http."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        fp.close()   # or urllib would read a text of any length
        secure = req.full_url.startswith('https:')
        if not re.match('https:' if secure else 'https?:', newurl):
            raise urllib.error.HTTPError(req.full_url, code, f'{msg} - Redirection to url '
                                         f"'{newurl}' is not allowed", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Watched:
    """Mixed into urllib's handlers: connections that a watchdog cuts when they are too slow."""

    def do_open(self, http_class, req, **options):
        watched = type('Watched', (http_class,), {'response_class': _Answer})
        return super().do_open(watched, req, **options)


class _Http(_Watched, urllib.request.HTTPHandler):
    pass


class _Https(_Watched, urllib.request.HTTPSHandler):
    pass


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock, *args, **options):
        self.watchdog = _Watchdog(sock)
        super().__init__(sock, *args, **options)

    def begin(self):
        try:
            super().begin()
        finally:
            self.watchdog.check()

    def close(self):
        self.watchdog.close()
        super().close()


class _Slow(OSError):
    pass


class _Watchdog(threading.Thread):
    """Cuts a connection that brings fewer than `LEAST` bytes in `WINDOW` seconds.

    The limit of a socket does not: it begins anew with every byte.
    """

    def __init__(self, sock):
        super().__init__(daemon=True)
        self.sock, self.count, self.cut, self.done = sock, 0, False, threading.Event()
        self.start()

    def run(self):
        while not self.done.wait(WINDOW):
            if self.count < LEAST:
                self.cut = True
                with contextlib.suppress(OSError):   # it is closed
                    self.sock.shutdown(socket.SHUT_RDWR)
                return
            self.count = 0

    def close(self):
        self.done.set()

    def check(self):
        if self.cut:
            raise _Slow(f'fewer than {LEAST} bytes in {WINDOW} seconds')
