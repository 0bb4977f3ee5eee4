import os
import sys

import pytest

from gluon_finetune.compat.cpu import usable_cores
from gluon_finetune.doctor import machine
from gluon_finetune.doctor.ask import ask
from gluon_finetune.doctor.finding import bad, ok, warn

two_cores = pytest.mark.skipif(
    usable_cores() < 2 or not sys.platform.startswith('linux'),
    reason='needs two cores and a system that can take one away')


@pytest.fixture
def one_core():
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    yield len(machine.physical_cores(range(os.cpu_count())))
    os.sched_setaffinity(0, allowed)


# Cores and threads

@two_cores
def test_one_usable_core(one_core, monkeypatch):
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    assert machine.cores() == warn(
        'cores', f'1 of {one_core} are usable: the CPU affinity of this process excludes the '
        'others', 'start it without taskset, or '
        f'request {one_core} cores per task from the batch system')
    assert machine.threads(ask('mxnet').result['threads']) == ok('threads', 'MXNet computes with 1')


@two_cores
def test_fewer_threads_than_cores(monkeypatch):
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    assert machine.threads(ask('mxnet').result['threads']) == warn(
        'threads', 'MXNet computes with 1 (OMP_NUM_THREADS=1), but '
        f'{usable_cores()} cores are usable', 'unset OMP_NUM_THREADS')


def test_more_threads_than_cores(monkeypatch):
    monkeypatch.setenv('OMP_NUM_THREADS', '999')
    assert machine.threads(999) == warn(
        'threads', f'MXNet computes with 999 (OMP_NUM_THREADS=999), but only {usable_cores()} '
        'cores are usable, so that threads wait for each other', 'unset OMP_NUM_THREADS')
    assert machine.threads(None) == ok('threads', 'MXNet would compute with 999')


def test_a_container_with_one_core(tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'cpu_count', lambda: 4)
    monkeypatch.setattr(os, 'sched_getaffinity', lambda pid: {0, 1, 2, 3}, raising=False)
    assert machine.cores(tmp_path) == ok('cores', 'all 4 are usable')
    for name, text in {'proc/self/cgroup': '0::/\n',
                       'sys/fs/cgroup/cpu.max': '100000 100000\n'}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    assert machine.cores(tmp_path) == warn(
        'cores', '1 of 4 are usable: the quota of a control group is 1',
        'raise the limit of the container, pod or job: docker run --cpus=4')


def test_processor(tmp_path):
    assert machine.processor(tmp_path) is None
    (tmp_path / 'proc').mkdir()
    (tmp_path / 'proc/cpuinfo').write_text(
        'processor\t: 0\nmodel name\t: Fast 9\nflags\t\t: fpu avx2 avx512f\n\n')
    assert machine.processor(tmp_path) == ok(
        'processor', 'Fast 9, AVX2, AVX-512, no bfloat16')


# GPUs

CPU, GPU = {'devices': ['cpu(0)'], 'features': [], 'why_none': ''}, 'H100, 81559 MiB, 535.1'


@pytest.mark.parametrize('cards, mxnet, finding', [
    ([], CPU, ok('GPUs', 'none; MXNet computes on the CPU')),
    ([], None, ok('GPUs', 'none; MXNet computes on the CPU')),
    ([GPU], CPU, warn('GPUs', f'{GPU}, but this MXNet is built for CPUs', 'install the MXNet built '
                      'for your CUDA version: pip install mxnet-cu112 or mxnet-cu117')),
    ([GPU], {**CPU, 'features': ['CUDA']}, warn(
        'GPUs', f'{GPU}, but MXNet finds none of them',
        'unset CUDA_VISIBLE_DEVICES, and install a driver that fits its CUDA version')),
    ([GPU, GPU], {**CPU, 'devices': ['gpu(0)', 'gpu(1)']}, ok(
        'GPUs', f'{GPU}; {GPU}; try_all_gpus() returns gpu(0), gpu(1)')),
    ([GPU], {**CPU, 'devices': [], 'why_none': 'driver too old'}, bad(
        'GPUs', 'MXNet fails to look for them: driver too old', 'install a driver that fits the '
        "CUDA version of this MXNet, or the MXNet for CPUs: pip install 'mxnet>=1.9.1,<2'"))])
def test_gpus(tmp_path, monkeypatch, cards, mxnet, finding):
    tool = tmp_path / 'nvidia-smi'
    tool.write_text('#!/bin/sh\n' + ''.join(f'echo "{card}"\n' for card in cards))
    tool.chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    assert machine.gpus(mxnet) == finding


@pytest.mark.parametrize('script', ['exit 9', None], ids=['no driver', 'no tool'])
def test_a_machine_without_a_driver(tmp_path, monkeypatch, script):
    if script:
        (tmp_path / 'nvidia-smi').write_text(f'#!/bin/sh\necho failed; {script}\n')
        (tmp_path / 'nvidia-smi').chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    assert machine.gpus(CPU) == ok('GPUs', 'none; MXNet computes on the CPU')
