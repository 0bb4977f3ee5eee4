"""Counts the cores this process may use, and what they can; knows no use for them."""
import os
from pathlib import Path


def usable_cores(root='/'):
    """Number of physical cores this process may use, at least 1.

    Counts the CPUs of its affinity mask, SMT siblings once, and no more than the whole CPUs that
    the quota of its control groups (version 1 or 2) pays for. `root` holds `proc` and `sys`.
    """
    if hasattr(os, 'sched_getaffinity'):
        cpus = os.sched_getaffinity(0)
    else:
        cpus = range(os.cpu_count() or 1)
    return max(1, min([len(physical_cores(cpus, root)), *quotas(root)]))


def physical_cores(cpus, root='/'):
    """Set of the cores that CPUs, by number, belong to: SMT siblings are one core."""
    topology = 'sys/devices/system/cpu/cpu{}/topology/thread_siblings_list'
    return {_read(Path(root, topology.format(cpu))) or cpu for cpu in cpus}


def quotas(root='/'):
    """Whole CPUs granted by each control group this process is in, outer groups included."""
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
                # Rounded down: a thread that has to wait for its share stalls all the others.
                yield int(quota) // int(period)
            if folder == top:
                break


def cpu_flags(root='/'):
    """Names of the instruction sets of this CPU as Linux has them; none on other systems."""
    for line in _read(Path(root) / 'proc/cpuinfo').splitlines():
        if line.startswith('flags'):
            return set(line.partition(':')[2].split())
    return set()


def has_bfloat16(root='/'):
    """Whether MXNet can compute in bfloat16 on this CPU: oneDNN does from AVX-512 on."""
    return {'avx512f', 'avx512bw', 'avx512vl', 'avx512dq'} <= cpu_flags(root)


def _read(path):
    try:
        return path.read_text().strip()
    except OSError:
        return ''
