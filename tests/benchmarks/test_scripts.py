"""Every benchmark runs as a person would run it, at its smallest, and writes what it measured."""
import importlib.util
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow
TORCH = importlib.util.find_spec('torch') is not None
needs_torch = pytest.mark.skipif(not TORCH, reason='PyTorch is not installed')
SCRIPTS = ['epoch', 'step', 'predict', 'loader', 'frozen', 'memory', 'start', 'scale']


@pytest.fixture(scope='module')
def measure(chairs, tmp_path_factory):
    """Runs a script with --quick on drawn chairs and returns its JSON and what it printed."""
    def call(script, *words, sides=('',)):
        path = tmp_path_factory.mktemp('measured') / f'{script}.json'
        command = [sys.executable, f'benchmarks/{script}.py', '--quick', '--json', str(path),
                   '--data', str(chairs), '--sides', *sides, *words]
        if script == 'step':
            del command[5:7]   # it reads no images
        done = subprocess.run(command, cwd=str(ROOT), text=True, env={
            **os.environ, 'PYTHONPATH': str(ROOT)}, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(path.read_text()), done.stdout
    return call


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
    found, printed = measure('epoch', sides=['ours', 'MXNet tab'])
    check(found, 'ours', 'chapter, MXNet tab', 'chapter, MXNet tab, all cores')
    assert found['sides']['chapter, MXNet tab']['threads'] == {}
    assert found['sides']['chapter, MXNet tab, all cores']['threads']['OMP_NUM_THREADS']
    assert '| side | images/s | whole call | cores busy | peak MB |' in printed


@needs_torch
def test_epoch_of_torch(measure):
    sides = ['chapter, PyTorch tab', 'PyTorch tuned']
    found, _ = measure('epoch', sides=sides)
    check(found, *sides)
    assert found['sides']['PyTorch tuned']['note'] == 'channels last'


def test_step_has_its_share_of_the_limit(measure):
    sides = ['ours', 'chapter, MXNet tab, all cores', 'chapter, PyTorch tab', 'PyTorch tuned']
    found, printed = measure('step', sides=sides)
    check(found, *sides[:4 if TORCH else 2])
    limit = found['rates']['float32']['best'] * 1e9 / found['training_flops']
    assert found['limits']['float32'] == pytest.approx(limit)
    assert found['shares']['ours'] == pytest.approx(found['medians']['ours'] / limit)
    assert '0.038 G multiply-adds forward, 0.22 GFLOP to train on an image' in printed


def test_predict(measure):
    found, _ = measure('predict', sides=['ours'])
    check(found, 'ours')
    told, = found['sides']['ours']['rounds']
    assert told['files_per_second'] > 0 and told['accuracy'] in (0, 0.25, 0.5, 0.75, 1)


@needs_torch
def test_predict_of_torch_and_onnx_runtime(measure):
    sides = ['PyTorch, channels last', 'PyTorch, frozen script', 'ONNX Runtime']
    found, _ = measure('predict', sides=sides)
    check(found, *sides[:2])
    onnx = found['sides']['ONNX Runtime']
    assert onnx['rounds'] or 'onnx' in onnx['not_available']


def test_loader(measure):
    found, _ = measure('loader', sides=['ours'])
    check(found, *(f'{kind}: ours, 0 workers' for kind in ('photographs', 'large', 'small')))


@needs_torch
def test_loader_against_torchvision(measure):
    found, _ = measure('loader', '--kinds', 'small', '--workers', '1')
    theirs = 'small: torchvision, 1 workers'
    check(found, 'small: ours, 1 workers', theirs, f'{theirs}, 1 thread')
    assert found['ours_against'][theirs]['images_per_cpu_second'] == pytest.approx(
        found['ratios'][theirs])


def test_frozen(measure):
    found, _ = measure('frozen', sides=['ours', 'MXNet tab'])
    check(found, 'ours, not cached', 'chapter, MXNet tab')


@needs_torch
def test_frozen_torch_learns_its_output_layer_alone(measure):
    sides = ['chapter, PyTorch tab', 'PyTorch tuned']
    check(measure('frozen', sides=sides)[0], *sides)


def test_memory_and_start_take_new_processes(measure):
    found, _ = measure('memory', sides=['ours', 'MXNet tab'])
    check(found, 'ours', 'chapter, MXNet tab')
    found, _ = measure('start', sides=['ours', 'Python'])
    check(found, 'ours', 'Python')
    ours, = found['sides']['ours']['rounds']
    assert ours['ready_seconds'] < ours['age_seconds'] and ours['ready_mb'] < ours['peak_mb']


def test_scale(measure):
    found, printed = measure('scale')
    check(found, *found['sides'])
    assert len(found['sides']) == 4
    assert set(found['laws']) == {'images', 'image size', 'batch size'}
    assert found['laws']['images']['cost_of_a_unit']['8'] == 1
    assert 'images: seconds grow as its power ' in printed


def test_every_script_says_what_it_measures():
    for script in SCRIPTS:
        assert '    python benchmarks/' in (ROOT / 'benchmarks' / f'{script}.py').read_text('utf-8')


def test_a_side_nobody_has_is_refused():
    done = subprocess.run([sys.executable, 'benchmarks/memory.py', '--quick', '--sides', 'JAX'],
                          cwd=str(ROOT), stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith('--sides JAX: no side has one of these in its name, they are ')
