"""The software and the machine that a run is trained with, for its report."""
from __future__ import annotations

import importlib.metadata
import platform
from typing import Dict, Sequence

from ..compat.cpu import cpu_model, usable_cores
from ..types import Device
from ..version import __version__

PACKAGES = ('mxnet', 'gluoncv', 'numpy', 'Pillow', 'opencv-python')
Environment = Dict[str, str]   # name of a package or a part of the machine -> version or model


def describe_environment(devices: Sequence[Device]) -> Environment:
    """Return versions and machine; no name of the machine or its user is among them."""
    return {'gluon_finetune': __version__, 'Python': platform.python_version(),
            **{name: _version(name) for name in PACKAGES},
            'system': f'{platform.system()} {platform.release()} {platform.machine()}',
            'processor': cpu_model() or 'unknown', 'usable cores': str(usable_cores()),
            'devices': ', '.join(map(str, devices))}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return 'not installed'
