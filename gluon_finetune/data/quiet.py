"""Pillow without its warnings, which name no file."""
from __future__ import annotations

import contextlib
import re
import threading
import warnings
from typing import Any, Iterator

_IGNORE: Any = ('ignore', None, Warning, re.compile(r'PIL\.'), 0)   # as `warnings.filters` has them
_lock = threading.Lock()
_users = 0


@contextlib.contextmanager
def quiet_pillow() -> Iterator[None]:
    """Ignore what modules of Pillow warn of; threads may do so at the same time.

    `warnings.catch_warnings` is no substitute: of two threads, one may restore the filters of the
    other.
    """
    global _users
    with _lock:
        _users += 1
        if _IGNORE not in warnings.filters:
            warnings.filters.insert(0, _IGNORE)   # type: ignore[attr-defined]
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users and _IGNORE in warnings.filters:
                warnings.filters.remove(_IGNORE)   # type: ignore[attr-defined]
