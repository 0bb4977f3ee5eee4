"""Opens addresses on the network, and waits for none without end; knows nothing about files.

The server is trusted with nothing: not to answer, not to be fast, not to stay on the network.
"""
import contextlib
import http.client
import re
import socket
import threading
import urllib.error
import urllib.request

TIMEOUT = 30        # seconds without a byte
WINDOW = 60         # seconds in which so few bytes arrive that it had better be tried anew:
LEAST = 10_000


def open_url(url, headers):
    """The `http.client.HTTPResponse` of an http or https address.

    Raises as `urllib.request.urlopen` does. Reading it raises `OSError` when nothing comes for
    `TIMEOUT` seconds; `answer.watchdog` is to count what came, and to be asked whether it cut it.
    """
    request = urllib.request.Request(url, headers=headers)
    return urllib.request.build_opener(_Http, _Https, Redirects).open(request, timeout=TIMEOUT)


class Redirects(urllib.request.HTTPRedirectHandler):
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
        self.watchdog = Watchdog(sock)
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


class Watchdog(threading.Thread):
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
