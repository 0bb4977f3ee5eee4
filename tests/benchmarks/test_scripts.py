"""Every benchmark runs as a user runs it, at its smallest, and writes what it measured.

Without PyTorch, which is hidden where it is installed, on a CPU that claims to have bfloat16; then
with PyTorch, where it is installed, on a CPU without bfloat16. The step runs in all four ways.
"""
import importlib.util
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NO_TORCH = ROOT / 'tests' / 'support' / 'no_torch'
pytestmark = pytest.mark.slow
TORCH = importlib.util.find_spec('torch') is not None
needs_torch = pytest.mark.skipif(not TORCH, reason='PyTorch is not installed')
SCRIPTS = ['epoch', 'step', 'predict', 'loader', 'frozen', 'memory', 'start', 'scale']
BFLOAT16, PLAIN = 'avx2 avx512f avx512_bf16', 'avx2'
NOT_INSTALLED = 'torch is not installed: pip install gluon_finetune[parity,bench]'
COMPILING = 'compiling takes a minute: not measured with --quick'
NO_BFLOAT16 = 'this CPU has no bfloat16 instructions (avx512_bf16 or amx_bf16)'
LAUNCH = '''
import runpy, sys
sys.path.insert(0, 'benchmarks')
import report
report.CPUINFO = sys.argv[1]
del sys.argv[:2]
runpy.run_path(sys.argv[0], run_name='__main__')
'''


@pytest.fixture(scope='module')
def measure(chairs, tmp_path_factory):
    """Run a script with --quick on the chairs; return its JSON and its output."""
    def call(script, *words, sides=('',), torch=False, flags=None):
        folder = tmp_path_factory.mktemp('measured')
        if flags is None:
            flags = PLAIN if torch else BFLOAT16
        (folder / 'cpuinfo').write_text(f'model name\t: Fast 9\nflags\t\t: {flags}\n')
        command = [sys.executable, '-c', LAUNCH, str(folder / 'cpuinfo'),
                   f'benchmarks/{script}.py', '--quick', '--json', str(folder / 'found.json'),
                   *([] if script == 'step' else ['--data', str(chairs)]),
                   '--sides', *sides, *words]
        hidden = [] if torch else [str(NO_TORCH)]
        done = subprocess.run(command, cwd=str(ROOT), text=True, capture_output=True, env={
            **os.environ, 'PYTHONPATH': os.pathsep.join([*hidden, str(ROOT)])})
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads((folder / 'found.json').read_text())
        assert found['machine']['flags'] == flags.split()
        if not torch:
            check_skipped(found)
        return found, done.stdout
    return call


def check_skipped(found):
    """Every side that needs PyTorch says that it is not installed; all others are measured."""
    for name, side in found['sides'].items():
        if name == 'ONNX Runtime':
            assert not side['rounds'] and side['not_available']
        elif 'PyTorch' in name or 'torchvision' in name:
            assert side['not_available'] in (NOT_INSTALLED, COMPILING, NO_BFLOAT16), name
        elif 'bfloat16' not in name:   # the package asks the real CPU
            assert side['rounds'], name


def check(found, *sides):
    """Each of the sides was measured, and the ratios are those of the numbers."""
    first = next(name for name, side in found['sides'].items() if side['rounds'])
    assert {'machine', 'versions', 'settings', 'key', 'medians', 'ratios'} <= set(found)
    assert found['versions']['numpy'] and found['machine']['cores'] >= 1
    for side in sides:
        told, = found['sides'][side]['rounds']
        value = told[found['key']]
        assert value > 0 and math.isfinite(value) and found['medians'][side] == value
        both = found['medians'][first] / value
        assert found['ratios'][side] == pytest.approx(both) or (
            found['ratios'][side] == pytest.approx(1 / both))
        assert told['peak_mb'] > 10 and told['seconds'] > 0


def test_epoch(measure):
    found, printed = measure('epoch')
    check(found, 'gluon_finetune', 'chapter, MXNet tab', 'chapter, MXNet tab, all cores')
    assert found['sides']['chapter, MXNet tab']['threads'] == {}
    assert found['sides']['chapter, MXNet tab, all cores']['threads']['OMP_NUM_THREADS']
    assert '| side | images/s | complete call | cores busy | peak MB |' in printed


@needs_torch
def test_epoch_of_torch(measure):
    sides = ['chapter, PyTorch tab', 'PyTorch tuned']
    found, _ = measure('epoch', sides=sides, torch=True)
    check(found, *sides)
    assert found['sides']['PyTorch tuned, bfloat16']['not_available'] == NO_BFLOAT16
    assert found['sides']['PyTorch tuned']['note'] == 'channels last'


@pytest.mark.parametrize('torch', [False, pytest.param(True, marks=needs_torch)],
                         ids=['without_torch', 'with_torch'])
@pytest.mark.parametrize('flags', [PLAIN, BFLOAT16], ids=['without_bfloat16', 'with_bfloat16'])
def test_step_has_its_share_of_the_limit(measure, flags, torch):
    sides = ['gluon_finetune', 'chapter, MXNet tab, all cores', 'chapter, PyTorch tab',
             'PyTorch tuned']
    found, printed = measure('step', sides=sides, flags=flags, torch=torch)
    check(found, *sides[:4 if torch else 2])
    limit = found['rates']['float32']['best'] * 1e9 / found['training_flops']
    assert found['limits']['float32'] == pytest.approx(limit)
    speed = found['medians']['gluon_finetune']
    assert found['shares']['gluon_finetune'] == pytest.approx(speed / limit)
    assert '0.038 G multiply-adds forward, 0.22 GFLOP to train on an image' in printed
    reason = NO_BFLOAT16 if flags == PLAIN else (
        '' if torch else f'{NOT_INSTALLED}; mx.nd.dot does not multiply bfloat16; '
        'NumPy has no bfloat16')
    assert found['unmeasured'] == ({'bfloat16': reason} if reason else {})
    assert (f'bfloat16: limit not measured: {reason}\n' in printed) == bool(reason)
    assert ('bfloat16' in found['limits']) == (not reason)


def test_predict(measure):
    found, _ = measure('predict')
    check(found, 'gluon_finetune')
    told, = found['sides']['gluon_finetune']['rounds']
    assert told['files_per_second'] > 0 and told['accuracy'] in (0, 0.25, 0.5, 0.75, 1)


@needs_torch
def test_predict_of_torch_and_onnx_runtime(measure):
    sides = ['PyTorch, channels last', 'PyTorch, frozen script', 'ONNX Runtime']
    found, _ = measure('predict', sides=sides, torch=True)
    check(found, *sides[:2])
    onnx = found['sides']['ONNX Runtime']
    assert onnx['rounds'] or 'onnx' in onnx['not_available']


def test_loader(measure):
    found, _ = measure('loader')
    kinds = ('photographs', 'large', 'small')
    check(found, *(f'{kind}: gluon_finetune, 0 workers' for kind in kinds))


@needs_torch
def test_loader_against_torchvision(measure):
    found, _ = measure('loader', '--kinds', 'small', '--workers', '1', torch=True)
    side = 'small: torchvision, 1 workers'
    check(found, 'small: gluon_finetune, 1 workers', side, f'{side}, 1 thread')
    assert found['speed_ups'][side]['images_per_cpu_second'] == pytest.approx(
        found['ratios'][side])


def test_frozen(measure):
    found, _ = measure('frozen')
    check(found, 'gluon_finetune, not cached', 'chapter, MXNet tab')


@needs_torch
def test_frozen_torch_learns_its_output_layer_alone(measure):
    sides = ['chapter, PyTorch tab', 'PyTorch tuned']
    check(measure('frozen', sides=sides, torch=True)[0], *sides)


def test_memory_and_start_take_new_processes(measure):
    found, _ = measure('memory')
    check(found, 'gluon_finetune', 'chapter, MXNet tab')
    found, _ = measure('start')
    check(found, 'gluon_finetune', 'Python')
    told, = found['sides']['gluon_finetune']['rounds']
    assert told['ready_seconds'] < told['age_seconds']
    assert told['ready_mb'] < told['peak_mb']


def test_scale(measure):
    found, printed = measure('scale')
    check(found, *found['sides'])
    assert len(found['sides']) == 4
    assert set(found['laws']) == {'images', 'image size', 'batch size'}
    assert found['laws']['images']['cost_of_a_unit']['8'] == 1
    assert 'images: seconds ~ size^' in printed


def test_the_accuracy_bands_need_torch():
    done = subprocess.run([sys.executable, 'benchmarks/parity_bands.py', 'chairs', 'no.params'],
                          cwd=str(ROOT), stderr=subprocess.PIPE, text=True, env={
                              **os.environ, 'PYTHONPATH': f'{NO_TORCH}{os.pathsep}{ROOT}'})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith('comparing with PyTorch needs torch')
    assert 'Traceback' not in done.stderr


def test_every_script_shows_how_to_call_it():
    for script in SCRIPTS:
        assert '    python benchmarks/' in (ROOT / 'benchmarks' / f'{script}.py').read_text('utf-8')


def test_an_unknown_side_is_refused():
    done = subprocess.run([sys.executable, 'benchmarks/memory.py', '--quick', '--sides', 'JAX'],
                          cwd=str(ROOT), stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith('--sides JAX: no such side; sides: ')
