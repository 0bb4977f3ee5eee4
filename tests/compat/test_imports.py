import os
import subprocess
import sys
import types

import numpy
import pytest

from gluon_finetune import UsageError
from gluon_finetune.compat import imports as compat
from gluon_finetune.compat.gluon import device_of, devices_of
from gluon_finetune.compat.imports import mx

IMPORT = '''
import ctypes, os, sys, warnings
import numpy
names, filters, environ = set(vars(numpy)), list(warnings.filters), dict(os.environ)
from gluon_finetune import UsageError, compat
new = set(vars(numpy)) - names
'''
THREADS = "threads = ctypes.CDLL('libgomp.so.1').omp_get_max_threads()\n"


def run(script, **environ):
    """Output of a script in a fresh interpreter in which every warning is an error."""
    environ = {**os.environ, 'PYTHONWARNINGS': 'error', **environ}
    environ = {name: value for name, value in environ.items() if value is not None}
    done = subprocess.run([sys.executable, '-c', script], env=environ, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


# The import

def test_import_leaves_numpy_and_the_process_as_found():
    output = run(IMPORT + '''
submodules = {name for name in new if f'numpy.{name}' in sys.modules}
print(sorted(new - submodules), sorted(names - set(vars(numpy))))
print(warnings.filters == filters,
      [os.environ.get(name) == environ.get(name)
       for name in ('OMP_NUM_THREADS', 'GOMP_SPINCOUNT')])
''', OMP_NUM_THREADS=None, GOMP_SPINCOUNT='')
    assert output == '[] []\nTrue [True, True]'


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='asks the GNU OpenMP library')
def test_mxnet_gets_every_core_unless_told_otherwise():
    report = IMPORT + THREADS + (
        'from gluon_finetune.compat.cpu import usable_cores\n'
        'print(threads == usable_cores(), threads)')
    assert run(report, OMP_NUM_THREADS=None).startswith('True')
    assert run(report, OMP_NUM_THREADS='').startswith('True')
    assert run(report, OMP_NUM_THREADS='3').endswith(' 3')


def test_a_failing_import_leaves_numpy_and_the_process_as_found():
    assert run('''
import os, sys, numpy
names = set(vars(numpy))
sys.modules['mxnet'] = None
try:
    import gluon_finetune
except ImportError as error:
    print(error)
print(set(vars(numpy)) == names, 'OMP_NUM_THREADS' in os.environ)
''', OMP_NUM_THREADS=None) == (
        'import of mxnet halted; None in sys.modules\n'
        '`gluon-finetune doctor`, or `python -m gluon_finetune doctor`, says what is wrong\n'
        'True False')


def test_mxnet_imported_by_the_user_first_works_too():
    assert run('''
import sys, warnings, numpy
from gluon_finetune import UsageError, compat
for name in [name for name in sys.modules if name.startswith('gluon_finetune')]:
    del sys.modules[name]
# What is left is a process into which somebody else brought MXNet, without its twin of NumPy.
for module in list(sys.modules.values()):
    if getattr(module, '__name__', '').startswith('mxnet'):
        for key, value in list(vars(module).items()):
            if getattr(value, '__name__', '') == 'numpy':
                setattr(module, key, numpy)
import mxnet
from gluon_finetune import UsageError, compat
warnings.simplefilter('default')
x = mxnet.np.arange(4)
print(compat.mx is mxnet, x[x > 1])
''').endswith('True [2. 3.]')


def test_numpy_2_is_refused_with_the_way_out(monkeypatch):
    monkeypatch.setattr(numpy, '__version__', '2.1.3')
    with pytest.raises(ImportError) as error:
        compat._import_mxnet()
    assert str(error.value) == ("NumPy 2.1.3 is installed and MXNet needs one below 2: "
                                "pip install 'numpy<2'")


@pytest.mark.parametrize('library, remedy', [
    ('libgomp.so.1', 'it needs two libraries of the system, on Debian: apt-get install libgomp1 '
                     'libquadmath0'),
    ('libcudnn.so.8', 'this build is for GPUs and needs the driver, CUDA, cuDNN and NCCL that '
                      'docs/install.md names, where the loader finds them (LD_LIBRARY_PATH)')])
def test_a_missing_system_library_is_named(monkeypatch, library, remedy):
    @compat.contextlib.contextmanager
    def broken():
        raise OSError(f'{library}: cannot open shared object file')
        yield
    monkeypatch.setattr(compat, '_old_world', broken)
    with pytest.raises(ImportError) as error:
        compat._import_mxnet()
    assert str(error.value) == (
        f'MXNet does not load ({library}: cannot open shared object file): {remedy}')


# What MXNet reads from NumPy while it runs

def test_names_dropped_by_numpy_work_at_run_time(numpy_mode):
    x = mx.np.arange(4)
    assert x[x > 1].asnumpy().tolist() == [2, 3]
    assert x[mx.np.array([1, 0, 0, 1], dtype=bool)].asnumpy().tolist() == [0, 3]
    assert mx.np.full((2,), True).dtype == bool
    assert compat.MXNET_2 or mx.sym.np.full((2,), True).infer_type()[1] == [numpy.bool_]
    assert numpy.dtype(bool) in mx.test_utils.default_rtols()


def test_the_twin_goes_to_modules_of_the_package_alone(monkeypatch):
    inside, outside = types.ModuleType('old.part'), types.ModuleType('older')
    inside.np = outside.np = numpy
    monkeypatch.setitem(sys.modules, 'old.part', inside)
    monkeypatch.setitem(sys.modules, 'older', outside)
    compat._give_twin('old')
    assert inside.np.float is float and inside.np.float32 is numpy.float32
    assert outside.np is numpy


# GluonCV

@pytest.mark.mxnet1
def test_gluoncv_loads_quietly_beside_torch_2_and_without_opencv(tmp_path):
    """A torch 2 that is installed would be refused; OpenCV's wheel fails where libGL is missing."""
    (tmp_path / 'torch.py').write_text("__version__ = '2.13.0'")
    path = os.pathsep.join([str(tmp_path), os.getcwd(), os.environ.get('PYTHONPATH', '')])
    assert run('''
import sys
sys.modules['cv2'] = None
from gluon_finetune import UsageError, compat
try:
    with compat._old_world():
        import gluoncv
except RuntimeError as error:
    print(str(error)[:26])
sys.modules.pop('torch', None)
module = compat.gluoncv()
print(module is compat.gluoncv(), 'torch' in sys.modules)
import torch
print(torch.__version__)
module.model_zoo.get_model('hrnet_w18_small_v1_c')   # calls numpy.int
''', PYTHONPATH=path) == 'Legacy torch==2.13.0 detec\nTrue False\n2.13.0'


@pytest.mark.faults
@pytest.mark.mxnet1
def test_gluoncv_leaves_truncated_images_an_error():
    assert run('''
from PIL import ImageFile
from gluon_finetune import compat
print(compat.gluoncv().__name__, ImageFile.LOAD_TRUNCATED_IMAGES)
''') == 'gluoncv False'


def test_a_torch_in_use_is_given_back(monkeypatch):
    torch = types.ModuleType('torch')
    monkeypatch.setitem(sys.modules, 'torch', torch)
    with pytest.raises(ImportError), compat._hidden('torch'):
        import torch as _  # noqa: F401
    assert sys.modules['torch'] is torch


@pytest.mark.parity
def test_mxnet_and_torch_compute_in_one_process():
    torch = pytest.importorskip('torch', reason='PyTorch is not installed (EXTRAS=parity)')
    compat.gluoncv()
    x, weight = numpy.random.rand(2, 3, 32, 32), numpy.random.rand(4, 3, 3, 3)
    ours = mx.nd.Convolution(mx.nd.array(x), mx.nd.array(weight), kernel=(3, 3), num_filter=4,
                             no_bias=True).asnumpy()
    theirs = torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(weight)).numpy()
    numpy.testing.assert_allclose(ours, theirs, rtol=1e-5)


# MXNet 1.9.1 and 2.0

def test_parameters_by_place_attribute_and_device(numpy_mode):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(2, in_units=3), mx.gluon.nn.BatchNorm(in_channels=2))
    net.initialize()
    parameters = compat.structured_parameters(net)
    assert sorted(parameters) == ['0.bias', '0.weight', '1.beta', '1.gamma', '1.running_mean',
                                  '1.running_var']
    compat.set_attribute(net.collect_params(), 'lr_mult', 10)
    assert {parameter.lr_mult for parameter in parameters.values()} == {10}

    weight = parameters['0.weight'].data().asnumpy()
    compat.move(net, [mx.cpu(0), mx.cpu(1)])
    assert devices_of(net) == [mx.cpu(0), mx.cpu(1)]
    compat.move(net, mx.cpu(1))
    assert devices_of(net) == [mx.cpu(1)]
    assert (parameters['0.weight'].data(mx.cpu(1)).asnumpy() == weight).all()


def test_array_is_of_the_style_in_force(numpy_mode):
    kind = mx.np.ndarray if numpy_mode else mx.nd.NDArray
    made = compat.array(numpy.arange(3.0), ctx=mx.cpu(1))
    assert type(made) is kind and device_of(made) == mx.cpu(1) and made.dtype == numpy.float32
    assert compat.array([[1, 2]]).dtype == numpy.int64
    assert compat.array([1.5], dtype='float64').dtype == numpy.float64
    assert type(compat.array(mx.nd.ones(2))) is kind
    assert compat.uses_mx_np() == numpy_mode


@pytest.mark.skipif(not compat.MXNET_2, reason='MXNet 1 works with GluonCV')
def test_gluoncv_and_mxnet_2():
    with pytest.raises(UsageError) as error:
        compat.gluoncv()
    assert str(error.value) == (
        f'this needs GluonCV, which refuses MXNet {mx.__version__}: install MXNet 1 (pip install '
        f'"mxnet<2"), or take a network of mxnet.gluon.model_zoo and name its classes in a '
        f'.labels.json file beside the weights')
