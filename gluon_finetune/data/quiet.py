"""Pillow without its warnings, which name no file."""
from __future__ import annotations

import contextlib
import functools
import logging
import sys
import threading
import warnings
from types import ModuleType
from typing import Any, Iterator

_thread = threading.local()   # `quiet`: whether Pillow warns of nothing in this thread
_lock = threading.Lock()
_users = 0

# Without any handler, Python prints what is logged as an error.
logging.getLogger('PIL').addHandler(logging.NullHandler())


@contextlib.contextmanager
def quiet_pillow() -> Iterator[None]:
    """Drop what Pillow warns of in this thread.

    `warnings.catch_warnings` is no substitute: its filters are those of all threads, and one that
    ends restores the filters from before another began.
    """
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _replace_warnings(_Warnings())
    before, _thread.quiet = getattr(_thread, 'quiet', False), True
    try:
        yield
    finally:
        _thread.quiet = before
        with _lock:
            _users -= 1
            if _users == 0:
                _replace_warnings(warnings)


class _Warnings:
    """The module `warnings` as Pillow's modules see it while a thread is quiet."""

    def __getattr__(self, name: str) -> Any:
        return getattr(warnings, name)

    def warn(self, message: Any, category: Any = None, stacklevel: int = 1, **options: Any) -> None:
        if not getattr(_thread, 'quiet', False):
            warnings.warn(message, category, stacklevel + 1, **options)


def _replace_warnings(substitute: Any) -> None:
    """Let the modules of Pillow that warn have `substitute` for the module `warnings`."""
    for module in _modules():
        vars(module)['warnings'] = substitute


@functools.lru_cache(maxsize=None)
def _modules() -> list[ModuleType]:
    """Return the modules of Pillow that warn; `formats` has loaded those that decode images."""
    return [module for name, module in [*sys.modules.items()]
            if name.startswith('PIL.') and getattr(module, 'warnings', None) is warnings]
