import os

import pytest

from gluon_finetune.compat.cpu import cpu_flags, has_bfloat16, usable_cores


def machine(root, cpus=4, smt=1, cgroup='', files=()):
    """Write under `root` what Linux says about CPUs and the control groups of this process."""
    for cpu in range(cpus):
        folder = root / f'sys/devices/system/cpu/cpu{cpu}/topology'
        folder.mkdir(parents=True)
        first = cpu - cpu % smt
        (folder / 'thread_siblings_list').write_text(f'{first}-{first + smt - 1}\n')
    (root / 'proc/self').mkdir(parents=True)
    (root / 'proc/self/cgroup').write_text(cgroup)
    for name, text in dict(files).items():
        path = root / 'sys/fs/cgroup' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + '\n')
    return root


V1 = '11:memory:/jobs\n4:cpu,cpuacct:/jobs/7\n0::/\n'
V2 = '0::/jobs/7\n'


@pytest.mark.parametrize('cpus, options, cores', [
    ({0, 1, 2, 3}, {}, 4),
    ({1, 3}, {}, 2),
    ({0, 1, 2, 3}, {'smt': 2}, 2),
    ({1, 2}, {'smt': 2}, 2),
    ({0, 1, 2, 3}, {'cgroup': V2, 'files': {'jobs/7/cpu.max': '200000 100000'}}, 2),
    ({0, 1, 2, 3}, {'cgroup': V2, 'files': {'jobs/7/cpu.max': 'max 100000'}}, 4),
    ({0, 1, 2, 3}, {'cgroup': V2, 'files': {'jobs/7/cpu.max': 'max 100000',
                                            'jobs/cpu.max': '350000 100000'}}, 3),
    ({0, 1, 2, 3}, {'cgroup': V2, 'files': {'cpu.max': '50000 100000'}}, 1),
    ({0, 1, 2, 3}, {'cgroup': V1, 'files': {'cpu/jobs/7/cpu.cfs_quota_us': '-1',
                                            'cpu/jobs/7/cpu.cfs_period_us': '100000'}}, 4),
    ({0, 1, 2, 3}, {'cgroup': V1, 'files': {'cpu/cpu.cfs_quota_us': '100000',
                                            'cpu/cpu.cfs_period_us': '50000'}}, 2),
    ({0, 1, 2, 3}, {'cgroup': V2, 'files': {'jobs/7/cpu.max': '900000 100000'}}, 4),
], ids=['all', 'affinity', 'smt', 'half-pairs', 'v2', 'v2-max', 'v2-parent', 'v2-half', 'v1-none',
        'v1-container', 'generous'])
def test_usable_cores(tmp_path, monkeypatch, cpus, options, cores):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda pid: cpus, raising=False)
    assert usable_cores(machine(tmp_path, **options)) == cores


def test_usable_cores_of_a_system_that_says_nothing(tmp_path, monkeypatch):
    monkeypatch.delattr(os, 'sched_getaffinity', raising=False)
    monkeypatch.setattr(os, 'cpu_count', lambda: 6)
    assert usable_cores(tmp_path) == 6
    monkeypatch.setattr(os, 'cpu_count', lambda: None)
    assert usable_cores(tmp_path) == 1


@pytest.mark.parametrize('flags, has', [
    ('fpu avx2', False), ('avx512f', False), ('avx512f avx512bw avx512vl avx512dq', True),
    ('avx2 avx512f avx512bw avx512vl avx512dq avx512_bf16', True)])
def test_bfloat16_needs_avx512(tmp_path, flags, has):
    (tmp_path / 'proc').mkdir()
    (tmp_path / 'proc/cpuinfo').write_text(f'model name\t: Fast 9\nflags\t\t: {flags}\n')
    assert cpu_flags(tmp_path) == set(flags.split()) and has_bfloat16(tmp_path) == has


def test_a_system_without_cpuinfo_has_no_flags(tmp_path):
    assert cpu_flags(tmp_path) == set() and not has_bfloat16(tmp_path)
