"""Checks of software that is really broken, on purpose, in the process that is asked."""
import os
import sys

import pytest

from gluon_finetune.doctor import software
from gluon_finetune.doctor.ask import Answer, ask
from gluon_finetune.doctor.finding import bad, ok, warn


@pytest.fixture
def stub(tmp_path, monkeypatch):
    """Let the asked process find a module of this source first."""
    def write(name, source):
        (tmp_path / f'{name}.py').write_text(source)
        monkeypatch.setattr(sys, 'path', [str(tmp_path), *sys.path])
        monkeypatch.setenv('PYTHONPATH', os.pathsep.join([str(tmp_path), *sys.path]))
    return write


def installed(module):
    return software._installed(module)


def test_numpy_2(stub):
    stub('numpy', "__version__ = '2.1.0'")
    assert software.required('NumPy', ask('version', 'numpy')) == bad(
        'NumPy', '2.1.0, but MXNet needs NumPy below 2', "pip install 'numpy<2'")
    assert software.mxnet(ask('mxnet')) == bad(
        'MXNet', f"{installed('mxnet')} does not import: NumPy 2.1.0 is installed, but MXNet needs "
        'NumPy below 2', "pip install 'numpy<2'")


def test_no_distutils(stub):
    stub('sitecustomize', 'import sys; sys.modules.update(distutils=None, setuptools=None)')
    assert software.mxnet(ask('mxnet')) == bad(
        'MXNet', f"{installed('mxnet')} does not import: MXNet needs distutils, which Python 3.12 "
        'removed', 'pip install setuptools')


def test_torch_2_and_gluoncv_alone(stub):
    stub('torch', "__version__ = '2.13.0'")
    assert software.gluoncv(ask('gluoncv'), True) == warn(
        'GluonCV', f"{installed('gluoncv')}; `import gluoncv` alone fails (RuntimeError: Legacy "
        'torch==2.13.0 detected)', 'write `import gluon_finetune` before `import gluoncv`: it '
        'hides torch from it')


def test_gluoncv_without_torch(stub):
    stub('torch', "raise ImportError('not installed')")
    assert software.gluoncv(ask('gluoncv'), True) == ok('GluonCV', installed('gluoncv'))


@pytest.mark.parametrize('source, cause', [
    ("raise AttributeError('gone')", 'MXNet does not import (AttributeError: gone)'),
    ('import os; os.abort()', 'ended by SIGABRT')])
def test_a_broken_mxnet(stub, source, cause):
    stub('mxnet', source)
    assert software.mxnet(ask('mxnet')) == bad(
        'MXNet', f"{installed('mxnet')} does not import: {cause}",
        "pip install --force-reinstall 'mxnet>=1.9.1,<2'")
    assert software.gluoncv(None, False) == bad(
        'GluonCV', f"{installed('gluoncv')} needs MXNet", 'fix MXNet first')


def test_a_missing_system_library(stub):
    stub('mxnet', "raise OSError('libgomp.so.1: cannot open shared object file')")
    assert software.mxnet(ask('mxnet')) == bad(
        'MXNet', f"{installed('mxnet')} does not import: MXNet does not load (libgomp.so.1: cannot "
        'open shared object file): it needs two system libraries; on Debian',
        'apt-get install libgomp1 libquadmath0')


def test_mxnet_that_works():
    finding = software.mxnet(ask('mxnet'))
    assert finding.level == 'ok' and finding.value.startswith(f"{installed('mxnet')} with ")
    assert 'OPENCV' in finding.value and not finding.remedy


def missing(module):
    return Answer(None, f"ModuleNotFoundError: No module named '{module}'")


def test_what_is_not_installed(stub):
    stub('sitecustomize', '''
import sys
class WithoutMXNet:
    def find_spec(name, path=None, target=None):
        if name == 'mxnet':
            raise ModuleNotFoundError("No module named 'mxnet'", name=name)
sys.meta_path.insert(0, WithoutMXNet)
''')
    assert software.mxnet(ask('mxnet')) == bad(
        'MXNet', 'not installed', "pip install 'mxnet>=1.9.1,<2'")
    assert software.required('Pillow', missing('PIL')) == bad(
        'Pillow', 'not installed', "pip install 'Pillow'")
    assert software.optional('torch', missing('torch')) == ok(
        'torch', 'not installed; .pth files and the comparison with PyTorch need it')


def test_an_optional_package_that_breaks(stub):
    stub('onnx', "raise ImportError('no onnx_cpp2py_export')")
    finding = software.optional('ONNX', ask('version', 'onnx'))
    assert finding.level == 'warn'
    assert finding.value.endswith(' does not import: no onnx_cpp2py_export')
    assert finding.remedy == "pip install --force-reinstall 'onnx'"


@pytest.mark.parametrize('version, level', [((3, 7), 'bad'), ((3, 8), 'ok'), ((3, 12), 'ok'),
                                            ((3, 13), 'bad')])
def test_python(monkeypatch, version, level):
    monkeypatch.setattr(sys, 'version_info', version)
    finding = software.python()
    assert finding.level == level and finding.value.endswith(sys.executable)
    assert not finding.remedy or finding.remedy == (
        'MXNet supports Python 3.8 to 3.12: make an environment with one')


def test_gluoncv_beside_mxnet_2():
    failure = 'UsageError: GluonCV does not support MXNet 2.0.0: install MXNet 1'
    finding = software.gluoncv(Answer(None, failure), True)
    assert finding.level == 'warn' and finding.remedy == (
        "for GluonCV's networks: pip install 'mxnet<2'; those of Gluon's own zoo work")
