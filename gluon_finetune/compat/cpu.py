"""Number and instruction sets of the CPU cores that this process may use."""
from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Iterable, Iterator

from ..types import StrPath


def usable_cores(root: StrPath = '/') -> int:
    """Return the number of physical cores this process may use, at least 1.

    Counts the CPUs of its affinity mask, SMT siblings once, up to the number of full CPUs in the
    quota of its control groups (version 1 or 2).

    Args:
        root: Folder that contains `proc` and `sys`.
    """
    cpus: Iterable[int] = range(os.cpu_count() or 1)
    if hasattr(os, 'sched_getaffinity'):
        cpus = os.sched_getaffinity(0)
    return max(1, min([len(physical_cores(cpus, root)), *quotas(root)]))


def physical_cores(cpus: Iterable[int], root: StrPath = '/') -> set[str | int]:
    """Return the cores that CPUs, by number, belong to: SMT siblings are one core."""
    topology = 'sys/devices/system/cpu/cpu{}/topology/thread_siblings_list'
    return {_read(Path(root, topology.format(cpu))) or cpu for cpu in cpus}


def quotas(root: StrPath = '/') -> Iterator[int]:
    """Yield the number of full CPUs that each control group of this process grants, outer ones too.

    Quotas are rounded down: a thread that waits for its share of time stalls all the others.
    """
    root = Path(root)
    for line in _read(root / 'proc/self/cgroup').splitlines():
        _, controllers, path = line.split(':', 2)
        if controllers and 'cpu' not in controllers.split(','):
            continue
        top = root / 'sys/fs/cgroup' / ('cpu' if controllers else '')
        group = top / path.lstrip('/')
        for folder in [group, *group.parents]:
            limit = _read(folder / 'cpu.max') or ' '.join(
                _read(folder / f'cpu.cfs_{name}_us') for name in ('quota', 'period'))
            quota, _, period = limit.partition(' ')
            if quota.isdigit() and period.isdigit():
                yield int(quota) // int(period)
            if folder == top:
                break


def cpu_flags(root: StrPath = '/') -> set[str]:
    """Return the names of the CPU's instruction sets, as Linux reports them; elsewhere none."""
    for line in _read(Path(root) / 'proc/cpuinfo').splitlines():
        if line.startswith('flags'):
            return set(line.partition(':')[2].split())
    return set()


def cpu_model(root: StrPath = '/') -> str:
    """Return the name of the CPU, as Linux reports it; elsewhere what Python knows, perhaps ''."""
    for line in _read(Path(root) / 'proc/cpuinfo').splitlines():
        if line.startswith('model name'):
            return line.partition(':')[2].strip()
    return platform.processor()


def has_bfloat16(root: StrPath = '/') -> bool:
    """Return whether MXNet can compute in bfloat16 on this CPU: oneDNN needs AVX-512."""
    return {'avx512f', 'avx512bw', 'avx512vl', 'avx512dq'} <= cpu_flags(root)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ''
