"""Questions that `ask` answers in a process of their own: functions whose results are JSON."""
from __future__ import annotations

import ctypes
import importlib
import json
import socket
import sys
import urllib.error
import urllib.request
from typing import Any


def answer(name: str, *words: str) -> None:
    """Print [result, null], or [null, reason] if the question raises."""
    try:
        reply = [globals()[name](*words), None]
    except BaseException as error:   # SystemExit too: any import may raise it
        reply = [None, _reason(error)]
    sys.stdout.write('\n' + json.dumps(reply) + '\n')


def version(module: str) -> str:
    """Import a module and return its version."""
    return str(getattr(importlib.import_module(module), '__version__', ''))


def mxnet() -> dict[str, Any]:
    """Import MXNet and return its version, features, number of threads and devices."""
    from ..compat.imports import mx
    from ..training.devices import try_all_gpus
    features = [name for name, feature in mx.runtime.Features().items() if feature.enabled]
    try:
        devices, why_none = [str(device) for device in try_all_gpus()], ''
    except mx.MXNetError as error:
        devices, why_none = [], _reason(error)
    return {'version': mx.__version__, 'features': sorted(features), 'threads': _threads(),
            'devices': devices, 'why_none': why_none}


def gluoncv() -> str:
    """Import GluonCV; return why the import would fail without this package, or ''."""
    from ..compat import imports
    from ..compat.hook import suspended_hook
    reason = ''
    with suspended_hook():
        try:
            importlib.import_module('gluoncv')
        except Exception as error:
            reason = _reason(error)
    imports.gluoncv()
    return reason


def address(url: str) -> int:
    """Return the HTTP status with which an address answers; raise the reason if it does not."""
    socket.setdefaulttimeout(3)
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method='HEAD')) as reply:
            status: int = reply.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except urllib.error.URLError as error:
        raise error.reason if isinstance(error.reason, OSError) else error from None


def _threads() -> int | None:
    try:
        threads: int = ctypes.CDLL('libgomp.so.1').omp_get_max_threads()
    except OSError:   # another operating system, with another OpenMP
        return None
    return threads


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).strip().splitlines()
    kind = '' if type(error) is ImportError else f'{type(error).__name__}: '
    return (kind + lines[0] if lines else type(error).__name__)[:300]
