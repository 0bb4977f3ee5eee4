"""The hook in fresh interpreters, in which every warning is an error."""
import os
import subprocess
import sys

import pytest

from gluon_finetune.compat import hook

SEE_DOCTOR = ('\nrun `gluon-finetune doctor`, or `python -m gluon_finetune doctor`, to find the '
              'cause')


def run(script, **environ):
    """Return what a script prints."""
    environ = {**os.environ, 'PYTHONWARNINGS': 'error', **environ}
    environ = {name: value for name, value in environ.items() if value is not None}
    done = subprocess.run([sys.executable, '-c', script], env=environ, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


# MXNet

FIRST = {'user': 'from mxnet import gluon', 'package': 'from gluon_finetune.compat import imports'}


@pytest.mark.parametrize('first', FIRST)
def test_numpy_and_the_process_are_restored(first):
    assert run(f'''
import os, sys, warnings
import numpy
names, filters, environ = set(vars(numpy)), list(warnings.filters), dict(os.environ)
import gluon_finetune
{FIRST[first]}
new = set(vars(numpy)) - names
submodules = {{name for name in new if f'numpy.{{name}}' in sys.modules}}
print(sorted(new - submodules), sorted(names - set(vars(numpy))))
print(warnings.filters == filters,
      [os.environ.get(name) == environ.get(name)
       for name in ('OMP_NUM_THREADS', 'GOMP_SPINCOUNT')])
''', OMP_NUM_THREADS=None, GOMP_SPINCOUNT='') == '[] []\nTrue [True, True]'


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='asks the GNU OpenMP library')
@pytest.mark.parametrize('environ, threads', [(None, 'all'), ('', 'all'), ('3', '3')])
def test_mxnet_gets_every_core_unless_told_otherwise(environ, threads):
    output = run('''
import ctypes
import gluon_finetune
import mxnet
threads = ctypes.CDLL('libgomp.so.1').omp_get_max_threads()
from gluon_finetune.compat.cpu import usable_cores
print('all' if threads == usable_cores() else '', threads)
''', OMP_NUM_THREADS=environ)
    assert threads in output.split()


def test_names_removed_from_numpy_work_in_modules_imported_later():
    assert run('''
import gluon_finetune, mxnet, numpy, sys
from mxnet.contrib import quantization
np = quantization.np
print(np is numpy, np.bool is bool, np.float32 is numpy.float32)
''') == 'False True True'


def test_mxnet_does_not_load_scikit_learn():
    pytest.importorskip('sklearn')
    script = '''
import sys, warnings
import gluon_finetune, mxnet
print('sklearn' in sys.modules, sys.modules.get('sklearn', 'free'))
import sklearn.base
'''
    assert run(script) == 'False free'
    with_sklearn = run('''
import warnings
import sklearn.base
import gluon_finetune, mxnet
print(mxnet.model.BASE_ESTIMATOR.__name__)
''')
    assert with_sklearn == 'BaseEstimator'


def test_mxnet_that_the_user_imported_first_is_repaired():
    assert run('''
import numpy, sys, warnings
numpy.bool = bool   # without it MXNet does not import beside NumPy 1.24 and newer
warnings.simplefilter('ignore')
import mxnet
del numpy.bool
import gluon_finetune as gf
x = mxnet.np.arange(4)
print(gf.compat.mx is mxnet, x[x > 1])
''') == 'True [2. 3.]'


def test_an_import_that_fails_leaves_no_trace():
    assert run('''
import os, sys, numpy
names = set(vars(numpy))
import gluon_finetune
sys.modules['mxnet'] = None
try:
    gluon_finetune.try_gpu
except ImportError as error:
    print(error)
print(set(vars(numpy)) == names, 'OMP_NUM_THREADS' in os.environ)
''', OMP_NUM_THREADS=None) == (
        f'import of mxnet halted; None in sys.modules{SEE_DOCTOR}\nTrue False')


@pytest.mark.parametrize('source, message', [
    ("raise OSError('libgomp.so.1: cannot open shared object file')",
     'MXNet does not load (libgomp.so.1: cannot open shared object file): it needs two system '
     'libraries; on Debian: apt-get install libgomp1 libquadmath0'),
    ("raise OSError('libcudnn.so.8: cannot open shared object file')",
     'MXNet does not load (libcudnn.so.8: cannot open shared object file): this build is for GPUs: '
     'install the driver, CUDA, cuDNN and NCCL listed in docs/install.md, and add their folders to '
     'LD_LIBRARY_PATH'),
    ("raise ImportError('no module of that kind')", 'no module of that kind'),
    ("raise AttributeError('gone')", 'MXNet does not import (AttributeError: gone)')])
def test_an_mxnet_that_does_not_import_names_cause_and_fix(tmp_path, source, message):
    (tmp_path / 'mxnet.py').write_text(source)
    path = os.pathsep.join([str(tmp_path), os.getcwd()])
    assert run('''
import gluon_finetune
try:
    import mxnet
except ImportError as error:
    print(type(error).__name__, error)
''', PYTHONPATH=path) == f'ImportError {message}{SEE_DOCTOR}'


# GluonCV

@pytest.mark.mxnet1
def test_gluoncv_loads_quietly_beside_torch_2_and_without_opencv(tmp_path):
    """GluonCV refuses torch 2; OpenCV's wheel fails where libGL is missing."""
    (tmp_path / 'torch.py').write_text("__version__ = '2.13.0'")
    path = os.pathsep.join([str(tmp_path), os.getcwd(), os.environ.get('PYTHONPATH', '')])
    assert run('''
import sys
sys.modules['cv2'] = None
import gluon_finetune
import gluoncv
print(gluoncv is gluon_finetune.compat.gluoncv(), 'torch' in sys.modules)
import torch
print(torch.__version__)
gluoncv.model_zoo.get_model('hrnet_w18_small_v1_c')   # calls numpy.int
''', PYTHONPATH=path) == 'True False\n2.13.0'


@pytest.mark.mxnet1
def test_without_the_hook_gluoncv_refuses_torch_2(tmp_path):
    (tmp_path / 'torch.py').write_text("__version__ = '2.13.0'")
    path = os.pathsep.join([str(tmp_path), os.getcwd(), os.environ.get('PYTHONPATH', '')])
    assert run('''
import warnings
import gluon_finetune, mxnet
from gluon_finetune.compat import hook, shims
try:
    with hook.suspended_hook(), shims.import_conditions('mxnet.late'):
        import gluoncv
except RuntimeError as error:
    print(str(error)[:26])
''', PYTHONPATH=path) == 'Legacy torch==2.13.0 detec'


@pytest.mark.faults
@pytest.mark.mxnet1
def test_gluoncv_leaves_truncated_images_an_error():
    assert run('''
from PIL import ImageFile
import gluon_finetune
import gluoncv
print(gluoncv.__name__, ImageFile.LOAD_TRUNCATED_IMAGES)
''') == 'gluoncv False'


# The hook itself

def test_the_hook_is_installed_once():
    hook.install_hook()
    assert sys.meta_path.count(hook.HOOK) == 1
    with hook.suspended_hook():
        assert hook.HOOK not in sys.meta_path
    assert sys.meta_path.count(hook.HOOK) == 1


def test_other_modules_and_missing_ones_are_left_alone(monkeypatch):
    assert hook.HOOK.find_spec('json') is None
    monkeypatch.setattr(sys, 'meta_path', [hook.HOOK, object()])
    assert hook.HOOK.find_spec('mxnet') is None
