"""Checks of the processor, its cores, MXNet's threads and the GPUs."""
from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any, Mapping

from ..compat.cpu import physical_cores, quotas, usable_cores
from ..compat.versions import REQUIREMENTS
from ..types import StrPath
from .finding import Finding, bad, ok, warn


def cores(root: StrPath = '/') -> Finding:
    """Check that this process may use every core of the machine."""
    total = len(physical_cores(range(os.cpu_count() or 1), root))
    usable = usable_cores(root)
    if usable >= total:
        return ok('cores', f'all {total} are usable')
    value = f'{usable} of {total} are usable'
    quota = min(quotas(root), default=total)
    if quota <= usable:
        return warn('cores', f'{value}: the quota of a control group is {quota}',
                    f'raise the limit of the container, pod or job: docker run --cpus={total}')
    return warn('cores', f'{value}: the CPU affinity of this process excludes the others',
                f'start it without taskset, or request {total} cores per task from the batch '
                'system')


def threads(in_use: int | None) -> Finding:
    """Check that MXNet computes on every usable core.

    Args:
        in_use: OpenMP's number of threads, or None if it is unknown.
    """
    setting, usable = os.environ.get('OMP_NUM_THREADS'), usable_cores()
    if in_use is None:
        return ok('threads', f'MXNet would compute with {setting or usable}')
    value = f'MXNet computes with {in_use}' + (f' (OMP_NUM_THREADS={setting})' if setting else '')
    if in_use < usable:
        return warn('threads', f'{value}, but {usable} cores are usable', 'unset OMP_NUM_THREADS')
    if in_use > usable:
        return warn('threads', f'{value}, but only {usable} cores are usable, so that threads wait '
                    'for each other', 'unset OMP_NUM_THREADS')
    return ok('threads', value)


def processor(root: StrPath = '/') -> Finding | None:
    """Report the CPU, and which of the instruction sets it has that speed MXNet up."""
    try:
        text = Path(root, 'proc/cpuinfo').read_text()
    except OSError:
        return None
    facts = dict(re.findall(r'^(model name|flags)\s*: (.*)$', text, re.M))
    flags = facts.get('flags', '').split()
    known = {'AVX2': 'avx2', 'AVX-512': 'avx512f', 'bfloat16': 'avx512_bf16'}
    sets = [f"{'' if flag in flags else 'no '}{name}" for name, flag in known.items()]
    return ok('processor', ', '.join([facts.get('model name', 'unknown'), *sets]))


def gpus(mxnet: Mapping[str, Any] | None) -> Finding:
    """Check that MXNet uses the GPUs that NVIDIA's driver reports.

    Args:
        mxnet: Result of the question `mxnet`, or None where MXNet does not import.
    """
    cards = _cards()
    devices = mxnet['devices'] if mxnet else []
    if any(device.startswith('gpu') for device in devices):
        return ok('GPUs', f"{'; '.join(cards)}; try_all_gpus() returns {', '.join(devices)}")
    if mxnet and mxnet['why_none']:
        return bad('GPUs', f"MXNet fails to look for them: {mxnet['why_none']}",
                   'install a driver that fits the CUDA version of this MXNet, or the MXNet for '
                   f"CPUs: pip install '{REQUIREMENTS['mxnet']}'")
    if not cards:
        return ok('GPUs', 'none; MXNet computes on the CPU')
    if mxnet and 'CUDA' in mxnet['features']:
        return warn('GPUs', f"{'; '.join(cards)}, but MXNet finds none of them",
                    'unset CUDA_VISIBLE_DEVICES, and install a driver that fits its CUDA version')
    return warn('GPUs', f"{'; '.join(cards)}, but this MXNet is built for CPUs",
                'install the MXNet built for your CUDA version: pip install mxnet-cu112 or '
                'mxnet-cu117')


def _cards() -> list[str]:
    query = '--query-gpu=name,memory.total,driver_version'
    try:
        done = subprocess.run(['nvidia-smi', query, '--format=csv,noheader'],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = done.stdout.decode(errors='replace').splitlines()
    return [] if done.returncode else [line.strip() for line in lines if line.strip()]
