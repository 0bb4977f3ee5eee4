"""Imports MXNet and GluonCV and alone knows their versions; knows no images and no networks.

MXNet 1.9.1 reads names that NumPy has since dropped (`numpy.bool`, gone in 1.24), while it is
imported and again while it runs. They are lent to NumPy for the import alone; afterwards MXNet's
modules see a twin of NumPy that has them, and NumPy itself is as it was.
"""
import contextlib
import functools
import importlib
import os
import sys
import threading
import types
import warnings

import numpy

from ..errors import UsageError
from ..start import SEE_DOCTOR
from .cpu import usable_cores

_DROPPED = {'bool': bool, 'int': int, 'float': float, 'complex': complex, 'object': object,
            'str': str}
# What MXNet and GluonCV do while they are imported that a user can do nothing about.
_THEIR_WARNINGS = (
    'In accordance with NEP 32, the function ',    # offer financial functions that NumPy dropped
    'distutils Version classes are deprecated',    # compare versions by the old means
    'The distutils package is deprecated',         # and import them, on Python 3.10 and 3.11
)
_ONE_IMPORT = threading.Lock()   # two threads that hide torch would hide it for good


@contextlib.contextmanager
def _threads():
    """Lend MXNet the settings of its threads, which it and OpenMP read as they load.

    Without OMP_NUM_THREADS it takes half the cores. Threads that wait for each other spin, by
    default so long that on busy cores nobody gets to compute; 1000 turns do on idle ones.
    """
    ours = {'OMP_NUM_THREADS': str(usable_cores())}
    if not os.environ.get('OMP_WAIT_POLICY'):
        ours['GOMP_SPINCOUNT'] = '1000'
    lent = {name: value for name, value in ours.items() if not os.environ.get(name)}
    found = {name: os.environ[name] for name in lent if name in os.environ}
    os.environ.update(lent)
    try:
        yield
    finally:
        for name in lent:
            del os.environ[name]
        os.environ.update(found)


@contextlib.contextmanager
def _dropped_names():
    lent = {name: value for name, value in _DROPPED.items() if name not in vars(numpy)}
    vars(numpy).update(lent)
    try:
        yield
    finally:
        for name in lent:
            vars(numpy).pop(name, None)


@contextlib.contextmanager
def _hidden(name):
    """Make `import name` fail as if it were not installed."""
    missing = object()
    found = sys.modules.get(name, missing)
    sys.modules[name] = None
    try:
        yield
    finally:
        if found is missing:
            del sys.modules[name]
        else:
            sys.modules[name] = found


@contextlib.contextmanager
def _old_world():
    """What MXNet and GluonCV find while they are imported: their NumPy, distutils and silence."""
    with warnings.catch_warnings(), _dropped_names():
        for message in _THEIR_WARNINGS:
            warnings.filterwarnings('ignore', message, DeprecationWarning)
        _find_distutils()
        yield


def _find_distutils():
    """Python 3.12 has none; importing setuptools brings it back."""
    try:
        import distutils  # noqa: F401
    except ImportError:
        try:
            import setuptools  # noqa: F401
        except ImportError:
            raise ImportError('MXNet needs distutils, which Python 3.12 has no more and setuptools '
                              'brings back: pip install setuptools') from None


def _give_twin(package):
    """Let the loaded modules of `package` see a NumPy with the dropped names."""
    twin = types.ModuleType('numpy')
    vars(twin).update({**vars(numpy), **_DROPPED})
    for name, module in list(sys.modules.items()):
        if name.partition('.')[0] == package and isinstance(module, types.ModuleType):
            for attribute in [key for key, value in vars(module).items() if value is numpy]:
                setattr(module, attribute, twin)


def _needed(missing):
    if missing.startswith(('libcu', 'libnccl', 'libnv')):
        return ('this build is for GPUs and needs the driver, CUDA, cuDNN and NCCL that '
                'docs/install.md names, where the loader finds them (LD_LIBRARY_PATH)')
    return ('it needs two libraries of the system, on Debian: apt-get install libgomp1 '
            'libquadmath0')


def _import_mxnet():
    if int(numpy.__version__.partition('.')[0]) >= 2:
        raise ImportError(f'NumPy {numpy.__version__} is installed and MXNet needs one below 2: '
                          "pip install 'numpy<2'")
    try:
        with _threads(), _old_world():
            import mxnet
    except OSError as error:
        raise ImportError(f'MXNet does not load ({error}): {_needed(str(error))}') from None
    _give_twin('mxnet')
    return mxnet


try:
    mx = _import_mxnet()
except ImportError as error:
    raise ImportError(f'{error}{SEE_DOCTOR}') from None
except Exception as error:   # what an MXNet in pieces may raise
    raise ImportError(f'MXNet does not import ({type(error).__name__}: {error})'
                      f'{SEE_DOCTOR}') from error
MXNET_2 = mx.__version__.startswith('2.')


@contextlib.contextmanager
def _strict_images():
    """GluonCV has Pillow paint grey what is missing of a truncated image, everywhere."""
    from PIL import ImageFile
    found = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = found


@functools.lru_cache(maxsize=None)
def gluoncv():
    """GluonCV, imported when first asked for; torch is hidden from it, as it refuses torch 2.

    Raises `UsageError` beside MXNet 2, which it refuses too.
    """
    if MXNET_2:
        raise UsageError(f'this needs GluonCV, which refuses MXNet {mx.__version__}: install '
                         f'MXNet 1 (pip install "mxnet<2"), or take a network of '
                         f'mxnet.gluon.model_zoo and name its classes in a .labels.json file '
                         f'beside the weights')
    with _ONE_IMPORT, _old_world(), _hidden('torch'), _strict_images():
        import gluoncv as module
    _give_twin('gluoncv')
    return module


@functools.lru_cache(maxsize=None)
def contrib(name):
    """A part of MXNet that it does not import itself: 'amp' (precision) or 'quantization'."""
    with _old_world():
        module = importlib.import_module(f'mxnet.contrib.{name}')
    _give_twin('mxnet')
    return module


def set_attribute(params, name, value):
    """Set an attribute such as 'lr_mult' on every parameter that `collect_params()` gave."""
    for parameter in params.values():
        setattr(parameter, name, value)


def structured_parameters(net):
    """Parameters of a net by their place in it, such as 'features.0.gamma', as .params files do."""
    return net._collect_params_with_prefix()


def value_of(parameter):
    """The value of a parameter as a NumPy array, averaged over its devices.

    That of a copy, which the engine makes in its turn: `parameter.data().asnumpy()` soon after a
    batch may crash, as MXNet rearranges weights for oneDNN in another thread.
    """
    return parameter._reduce().asnumpy()


def move(net, devices):
    """Copy every parameter of a net to `devices` (one or a list of them) and keep no other copy."""
    for parameter in net.collect_params().values():
        reset = parameter.reset_device if MXNET_2 else parameter.reset_ctx
        reset(devices)


def array(data, ctx=None, dtype=None):
    """Array of the style in force, `mx.np` or `mx.nd`; without `dtype`, float64 becomes float32.

    Of `mx.np` with MXNet 2, in every thread.
    """
    data = data.asnumpy() if hasattr(data, 'asnumpy') else numpy.asarray(data)
    if dtype is None:
        dtype = numpy.float32 if data.dtype == numpy.float64 else data.dtype
    if uses_mx_np():
        return mx.np.array(data, dtype, ctx)
    return mx.nd.array(data, ctx, dtype)


def uses_mx_np():
    """Whether arrays are made in the style of NumPy here; MXNet 2 has nets for no others."""
    return MXNET_2 or mx.util.is_np_array()
