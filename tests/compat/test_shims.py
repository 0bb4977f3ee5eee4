import sys
import types

import numpy as np
import pytest

from gluon_finetune.compat import shims
from gluon_finetune.compat.imports import MXNET_2, mx


def test_numpy_2_is_refused_with_the_fix(monkeypatch):
    monkeypatch.setattr(np, '__version__', '2.1.3')
    with pytest.raises(ImportError) as error, shims.import_conditions('mxnet'):
        pass
    assert str(error.value) == (
        "NumPy 2.1.3 is installed, but MXNet needs NumPy below 2: pip install 'numpy<2'\n"
        'run `gluon-finetune doctor`, or `python -m gluon_finetune doctor`, to find the cause')


def test_missing_distutils_is_named_with_the_fix(monkeypatch):
    monkeypatch.setitem(sys.modules, 'distutils', None)
    monkeypatch.setitem(sys.modules, 'setuptools', None)
    with pytest.raises(ImportError) as error, shims.import_conditions('mxnet.contrib.amp'):
        pass
    assert str(error.value) == (
        'MXNet needs distutils, which Python 3.12 removed: pip install setuptools')


def test_names_removed_from_numpy_work_at_run_time(numpy_mode):
    x = mx.np.arange(4)
    assert x[x > 1].asnumpy().tolist() == [2, 3]
    assert x[mx.np.array([1, 0, 0, 1], dtype=bool)].asnumpy().tolist() == [0, 3]
    assert mx.np.full((2,), True).dtype == bool
    assert MXNET_2 or mx.sym.np.full((2,), True).infer_type()[1] == [np.bool_]
    assert np.dtype(bool) in mx.test_utils.default_rtols()


def test_the_shim_goes_to_modules_of_mxnet_and_gluoncv_alone(monkeypatch):
    inside, outside = types.ModuleType('mxnet.part'), types.ModuleType('mxnet_of_mine')
    inside.np = outside.np = np
    monkeypatch.setitem(sys.modules, 'mxnet.part', inside)
    monkeypatch.setitem(sys.modules, 'mxnet_of_mine', outside)
    shims.shim_numpy()
    assert inside.np.float is float and inside.np.float32 is np.float32
    assert outside.np is np


def test_a_torch_in_use_is_restored(monkeypatch):
    torch = types.ModuleType('torch')
    monkeypatch.setitem(sys.modules, 'torch', torch)
    with pytest.raises(ImportError), shims._hidden('torch'):
        import torch as _  # noqa: F401
    assert sys.modules['torch'] is torch
