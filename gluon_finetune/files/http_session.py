"""HTTP requests to servers that may be slow, redirect anywhere or never end their answers."""
from __future__ import annotations

import http.client
import io
import time
from typing import Any
from urllib.parse import urljoin

import requests
import urllib3

READ_TIMEOUT_S = 30   # a silent server; one that sends byte after byte needs a minimum rate:
WINDOW_S = 60
MIN_BYTES = 10_000    # in each window
MAX_REDIRECTS = 10


class RequestFailed(Exception):
    """A try that failed; `version` is the ETag or date of the file whose beginning has arrived."""

    def __init__(self, reason: str, final: bool = False, version: str | None = None) -> None:
        super().__init__(reason)
        self.final = final   # the next try would fail in the same way
        self.version = version


def new_session() -> requests.Session:
    """Return a session that checks redirects and the rate of responses."""
    session = requests.Session()
    session.max_redirects = MAX_REDIRECTS
    session.hooks['response'].append(_check_redirect)
    for scheme in ('http://', 'https://'):
        session.mount(scheme, _MinimumRateAdapter())
    return session


def get(session: requests.Session, url: str, headers: dict[str, str]) -> requests.Response:
    """Request a file; its body is not read yet.

    Raises:
        RequestFailed: If no response arrives; responses of any status are returned.
    """
    try:
        return session.get(url, headers=headers, timeout=READ_TIMEOUT_S, stream=True)
    except requests.TooManyRedirects:
        raise RequestFailed(f'more than {MAX_REDIRECTS} redirects', final=True) from None
    except ValueError as error:   # an invalid URL
        raise RequestFailed(str(error), final=True) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise RequestFailed(reason_of(error_inside(error)),
                            version=headers.get('If-Range')) from None


def status_of(response: requests.Response) -> str:
    """Return the status as text, such as '404 Not Found'."""
    phrase = http.client.responses.get(response.status_code, '')   # the server's may be anything
    return f'{response.status_code} {phrase}'.strip()


def error_inside(error: BaseException) -> BaseException:
    """Return the error that `requests` and urllib3 wrap."""
    wrappers = requests.RequestException, urllib3.exceptions.HTTPError
    while isinstance(error, wrappers) and not isinstance(error, http.client.IncompleteRead):
        inner = error.__cause__ or error.__context__
        if inner is None:
            break
        error = inner
    return error


def reason_of(error: BaseException) -> str:
    """Return an error as text for a message, in the operating system's words if it has some."""
    return getattr(error, 'strerror', None) or str(error) or type(error).__name__


def _check_redirect(response: requests.Response, **options: Any) -> None:
    """Refuse a redirect to another scheme or from https to http."""
    if response.is_redirect:
        response.close()   # or `requests` reads its body, of any length
        target = urljoin(response.url, response.headers['Location'])
        secure = response.url.startswith('https:')
        if not target.startswith('https:' if secure else ('http:', 'https:')):
            raise RequestFailed(f'{status_of(response)}: redirect to {target!r} is not allowed',
                                final=True)


class _MinimumRateAdapter(requests.adapters.HTTPAdapter):
    """Transport whose responses, headers included, fail below the minimum rate."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options)
        if not known:
            _watch(manager)
        return manager


def _watch(manager: Any) -> None:
    manager.pool_classes_by_scheme = {
        scheme: _watched(pool) for scheme, pool in manager.pool_classes_by_scheme.items()}


def _watched(pool: Any) -> Any:
    connection = type('Connection', (pool.ConnectionCls,), {'response_class': _Response})
    return type('Pool', (pool,), {'ConnectionCls': connection})


class _Response(http.client.HTTPResponse):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fp: Any = io.BufferedReader(_Stream(self.fp.detach()))


class _Stream(io.RawIOBase):
    """The stream of a socket, which fails below the minimum rate."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._count, self._start = 0, time.monotonic()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size: int = self._stream.readinto(buffer)
        self._count += size
        now = time.monotonic()
        if now - self._start > WINDOW_S:
            if self._count < MIN_BYTES:
                raise OSError(f'fewer than {MIN_BYTES} bytes in {WINDOW_S} seconds')
            self._count, self._start = 0, now
        return size

    def close(self) -> None:
        self._stream.close()
        super().close()
