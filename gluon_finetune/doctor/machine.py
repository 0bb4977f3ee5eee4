"""Findings about cores, threads, memory and GPUs; knows no files."""
import os
import re
import shutil
import subprocess
from pathlib import Path

from ..compat.cpu import physical_cores, quotas, usable_cores
from .finding import bad, ok, warn

GB = 1e9
BATCH = 128 * 3 * 224 * 224 * 4   # bytes of the chapter's batch; a worker shares two


def cores(root='/'):
    """Whether this process may use every core of the machine."""
    everything = len(physical_cores(range(os.cpu_count() or 1), root))
    usable = usable_cores(root)
    if usable >= everything:
        return ok('cores', f'all {everything} may be used')
    value = f'{usable} of {everything} may be used'
    paid = min(quotas(root), default=everything)
    if paid <= usable:
        return warn('cores', f'{value}: a control group pays for {paid}',
                    f'give the container more: docker run --cpus={everything}, or the limit of its '
                    'pod or job')
    return warn('cores', f'{value}: the affinity of this process leaves out the others',
                f'start it without taskset, or ask the batch system for {everything} cores a task')


def threads(in_use):
    """Whether MXNet computes on every core it may use: OpenMP's number of threads, or None."""
    asked, usable = os.environ.get('OMP_NUM_THREADS'), usable_cores()
    if in_use is None:
        return ok('threads', f'MXNet would compute with {asked or usable}')
    value = f'MXNet computes with {in_use}' + (f': OMP_NUM_THREADS={asked}' if asked else '')
    if in_use < usable:
        return warn('threads', f'{value}; {usable} cores may be used', 'unset OMP_NUM_THREADS')
    if in_use > usable:
        return warn('threads', f'{value}; only {usable} cores may be used, and they wait for each '
                    'other', 'unset OMP_NUM_THREADS')
    return ok('threads', value)


def processor(root='/'):
    """The CPU, and which of the instructions it has that MXNet is fast with."""
    try:
        text = Path(root, 'proc/cpuinfo').read_text()
    except OSError:
        return None
    facts = dict(re.findall(r'^(model name|flags)\s*: (.*)$', text, re.M))
    flags = facts.get('flags', '').split()
    known = {'AVX2': 'avx2', 'AVX-512': 'avx512f', 'bfloat16': 'avx512_bf16'}
    has = [f"{'' if flag in flags else 'no '}{name}" for name, flag in known.items()]
    return ok('processor', ', '.join([facts.get('model name', 'unknown'), *has]))


def shared_memory(path='/dev/shm'):
    """Whether worker processes can hand over batches."""
    try:
        total, _, free = shutil.disk_usage(path)
    except OSError:
        return None
    value = f'{free / GB:.1f} of {total / GB:.1f} GB free in {path}'
    if free >= 4 * BATCH:
        return ok('shared memory', value)
    return warn('shared memory', f'{value}, and a worker fills {2 * BATCH / GB:.2f}',
                'docker run --shm-size=2g, or train with --workers 0 (the default)')


def gpus(mxnet):
    """What NVIDIA's driver says and what MXNet does with it; `mxnet` is its answer, or None."""
    cards = _cards()
    devices = mxnet['devices'] if mxnet else []
    if any(device.startswith('gpu') for device in devices):
        return ok('GPUs', f"{'; '.join(cards)}; try_all_gpus() gives {', '.join(devices)}")
    if mxnet and mxnet['why_none']:
        return bad('GPUs', f"MXNet fails to look for them: {mxnet['why_none']}",
                   'install a driver that fits the CUDA of this MXNet, or the MXNet for CPUs: '
                   "pip install 'mxnet>=1.9.1,<2'")
    if not cards:
        return ok('GPUs', 'none; MXNet computes on the CPU')
    if mxnet and 'CUDA' in mxnet['features']:
        return warn('GPUs', f"{'; '.join(cards)}, and MXNet sees none of them",
                    'unset CUDA_VISIBLE_DEVICES, and install a driver that fits its CUDA')
    return warn('GPUs', f"{'; '.join(cards)}, and this MXNet is built for CPUs",
                'install the MXNet built for your CUDA: pip install mxnet-cu112 or mxnet-cu117')


def _cards():
    query = '--query-gpu=name,memory.total,driver_version'
    try:
        done = subprocess.run(['nvidia-smi', query, '--format=csv,noheader'],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = done.stdout.decode(errors='replace').splitlines()
    return [] if done.returncode else [line.strip() for line in lines if line.strip()]
