"""What is asked in a process of its own: one function a question, whose result goes out as JSON."""
import ctypes
import importlib
import json
import socket
import sys
import urllib.error
import urllib.request


def answer(name, *words):
    """Prints [result, null], or [null, reason] where the question raises."""
    try:
        said = [globals()[name](*words), None]
    except BaseException as error:   # SystemExit too: what somebody's import does is not ours
        said = [None, _reason(error)]
    sys.stdout.write('\n' + json.dumps(said) + '\n')


def version(module):
    """Imports a module; gives its version."""
    return str(getattr(importlib.import_module(module), '__version__', ''))


def mxnet():
    """What MXNet is and has, imported as this package does."""
    from ..compat.imports import mx
    from ..training.devices import try_all_gpus
    features = [name for name, feature in mx.runtime.Features().items() if feature.enabled]
    try:
        devices, why_none = [str(device) for device in try_all_gpus()], ''
    except mx.MXNetError as error:
        devices, why_none = [], _reason(error)
    return {'version': mx.__version__, 'features': sorted(features), 'threads': _threads(),
            'devices': devices, 'why_none': why_none}


def gluoncv():
    """Imports GluonCV as this package does; gives why a user's own import would fail, or ''."""
    from ..compat import imports as compat
    try:
        importlib.import_module('gluoncv')
        why_not = ''
    except Exception as error:
        why_not = _reason(error)
    compat.gluoncv()
    return why_not


def address(url):
    """HTTP status with which an address answers, or why it does not."""
    socket.setdefaulttimeout(3)
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method='HEAD')) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code
    except urllib.error.URLError as error:
        raise error.reason if isinstance(error.reason, OSError) else error from None


def _threads():
    try:
        return ctypes.CDLL('libgomp.so.1').omp_get_max_threads()
    except OSError:   # another system, another OpenMP
        return None


def _reason(error):
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    said = str(error).strip().splitlines()
    kind = '' if type(error) is ImportError else f'{type(error).__name__}: '
    return (kind + said[0] if said else type(error).__name__)[:300]
