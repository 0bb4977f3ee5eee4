"""Conditions under which MXNet and GluonCV import beside newer NumPy, Python and PyTorch.

MXNet 1.9.1 reads names that NumPy has since removed (`numpy.bool`, gone in 1.24), while it is
imported and again while it runs. NumPy gets these aliases for the import alone; afterwards MXNet's
modules see a shim, a copy of NumPy's namespace with the aliases, and NumPy itself is restored.
"""
from __future__ import annotations

import contextlib
import importlib
import os
import sys
import types
import warnings
from typing import Any, Iterator

import numpy as np

from ..errors import SEE_DOCTOR
from .cpu import usable_cores
from .versions import PACKAGES, REQUIREMENTS, supports_numpy

_ALIASES = {'bool': bool, 'int': int, 'float': float, 'complex': complex, 'object': object,
            'str': str}
# What MXNet and GluonCV do at import that a user cannot change.
_SILENCED = (
    'In accordance with NEP 32, the function ',    # look up financial functions NumPy removed
    'distutils Version classes are deprecated',    # compare versions with distutils
    'The distutils package is deprecated',         # import it, on Python 3.10 and 3.11
)


@contextlib.contextmanager
def import_conditions(name: str) -> Iterator[None]:
    """Set what the module `name` of MXNet or GluonCV needs while it is imported.

    These are the aliases in NumPy, distutils and silenced warnings; for `mxnet` itself also its
    threads, errors with a fix, and no scikit-learn unless it is loaded already; for `gluoncv`
    itself no torch, as it refuses torch 2.

    Raises:
        ImportError: MXNet cannot be imported; the message says how to fix it.
    """
    own = {'mxnet': _mxnet_conditions, 'gluoncv': _gluoncv_conditions}
    with own.get(name, contextlib.nullcontext)(), warnings.catch_warnings(), _numpy_aliases():
        for message in _SILENCED:
            warnings.filterwarnings('ignore', message, DeprecationWarning)
        _restore_distutils()
        yield
    shim_numpy()


def shim_numpy() -> None:
    """Let the loaded modules of MXNet and GluonCV see a NumPy with the aliases."""
    shim = types.ModuleType('numpy')
    vars(shim).update({**vars(np), **_ALIASES})
    for name, module in list(sys.modules.items()):
        if name.partition('.')[0] in PACKAGES and isinstance(module, types.ModuleType):
            for attribute in [key for key, value in vars(module).items() if value is np]:
                setattr(module, attribute, shim)


@contextlib.contextmanager
def _mxnet_conditions() -> Iterator[None]:
    try:
        if not supports_numpy(np.__version__):
            raise ImportError(f'NumPy {np.__version__} is installed, but MXNet needs NumPy below '
                              f"2: pip install '{REQUIREMENTS['numpy']}'")
        # Its class FeedForward, which nothing here uses, would import scikit-learn: half a second.
        with _thread_settings(), _hidden('sklearn', unless_loaded=True):
            yield
    except OSError as error:
        raise ImportError(f'MXNet does not load ({error}): {_library_fix(str(error))}'
                          f'{SEE_DOCTOR}') from None
    except ImportError as error:
        raise ImportError(f'{error}{SEE_DOCTOR}') from None
    except Exception as error:   # a broken MXNet may raise anything
        raise ImportError(f'MXNet does not import ({type(error).__name__}: {error})'
                          f'{SEE_DOCTOR}') from error


def _library_fix(message: str) -> str:
    if message.startswith(('libcu', 'libnccl', 'libnv')):
        return ('this build is for GPUs: install the driver, CUDA, cuDNN and NCCL listed in '
                'docs/install.md, and add their folders to LD_LIBRARY_PATH')
    return 'it needs two system libraries; on Debian: apt-get install libgomp1 libquadmath0'


@contextlib.contextmanager
def _thread_settings() -> Iterator[None]:
    """Set environment variables that MXNet and OpenMP read as they load, unless the user did.

    Without OMP_NUM_THREADS MXNet takes half the cores. Threads that wait for each other spin, by
    default so long that on busy cores nobody gets to compute; 1000 turns are enough on idle ones.
    """
    settings = {'OMP_NUM_THREADS': str(usable_cores())}
    if not os.environ.get('OMP_WAIT_POLICY'):
        settings['GOMP_SPINCOUNT'] = '1000'
    added = {name: value for name, value in settings.items() if not os.environ.get(name)}
    empty = {name: os.environ[name] for name in added if name in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
        os.environ.update(empty)


@contextlib.contextmanager
def _gluoncv_conditions() -> Iterator[None]:
    """Hide torch; restore Pillow's flag, with which GluonCV has truncated images painted grey."""
    from PIL import ImageFile
    truncated = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        with _hidden('torch'):
            yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = truncated


@contextlib.contextmanager
def _numpy_aliases() -> Iterator[None]:
    added = {name: value for name, value in _ALIASES.items() if name not in vars(np)}
    vars(np).update(added)
    try:
        yield
    finally:
        for name in added:
            vars(np).pop(name, None)


@contextlib.contextmanager
def _hidden(name: str, unless_loaded: bool = False) -> Iterator[None]:
    """Make `import name` fail as if it were not installed."""
    modules: Any = sys.modules
    missing = object()
    if unless_loaded and name in modules:
        yield
        return
    found = modules.get(name, missing)
    modules[name] = None
    try:
        yield
    finally:
        if found is missing:
            del modules[name]
        else:
            modules[name] = found


def _restore_distutils() -> None:
    """Import distutils, or setuptools, which provides it on Python 3.12."""
    try:
        importlib.import_module('distutils')
    except ImportError:
        try:
            importlib.import_module('setuptools')
        except ImportError:
            raise ImportError('MXNet needs distutils, which Python 3.12 removed: '
                              'pip install setuptools') from None
