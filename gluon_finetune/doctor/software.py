"""Checks of Python and packages; each package is imported in a process of its own."""
from __future__ import annotations

import importlib.metadata
import platform
import sys
from typing import Callable

from ..compat.versions import (
    MXNET_FEATURES,
    PYTHONS,
    REQUIREMENTS,
    supports_numpy,
    supports_python,
)
from .ask import Answer
from .finding import Finding, bad, ok, warn

REQUIRED = {'NumPy': ('numpy', REQUIREMENTS['numpy']), 'Pillow': ('PIL', 'Pillow')}
OPTIONAL = {   # name: module, and what does not work without it
    'OpenCV': ('cv2', 'images are resized by MXNet instead, which slows training'),
    'torch': ('torch', '.pth files and the comparison with PyTorch need it'),
    'ONNX': ('onnx', 'only benchmarks use it'),
    'ONNX Runtime': ('onnxruntime', 'only benchmarks use it')}
DISTRIBUTIONS = {'PIL': 'Pillow', 'cv2': 'opencv-python'}   # installed under another name


def python() -> Finding:
    """Check that MXNet supports this Python version."""
    value = f'{platform.python_version()}, {sys.executable}'
    if supports_python(sys.version_info[:2]):
        return ok('Python', value)
    return bad('Python', value, f'MXNet supports Python {PYTHONS}: make an environment with one')


def required(name: str, answer: Answer) -> Finding:
    """Check NumPy or Pillow.

    Args:
        name: A key of `REQUIRED`.
        answer: That to the question `version`.
    """
    module, requirement = REQUIRED[name]
    if answer.failure:
        return _import_failure(bad, name, module, answer.failure, requirement)
    if name == 'NumPy' and not supports_numpy(answer.result):
        return bad(name, f'{answer.result}, but MXNet needs NumPy below 2',
                   f"pip install '{requirement}'")
    return ok(name, answer.result)


def mxnet(answer: Answer) -> Finding:
    """Check MXNet; if its import error ends in a command that fixes it, that is the remedy."""
    if answer.failure is None:
        features = [name for name in MXNET_FEATURES if name in answer.result['features']]
        return ok('MXNet', f"{answer.result['version']} with {', '.join(features)}")
    cause, _, remedy = answer.failure.rpartition(': ')
    if remedy.startswith(('pip ', 'apt-get ')):
        return bad('MXNet', f"{_installed('mxnet')} does not import: {cause}", remedy)
    return _import_failure(bad, 'MXNet', 'mxnet', answer.failure, REQUIREMENTS['mxnet'])


def gluoncv(answer: Answer | None, mxnet_works: bool) -> Finding:
    """Check GluonCV, and whether it also imports without this package."""
    if not mxnet_works or answer is None:
        return bad('GluonCV', f"{_installed('gluoncv')} needs MXNet", 'fix MXNet first')
    if answer.failure and answer.failure.startswith('UsageError: '):
        return warn('GluonCV', f"{_installed('gluoncv')} does not support this MXNet",
                    "for GluonCV's networks: pip install 'mxnet<2'; those of Gluon's own zoo work")
    if answer.failure:
        return _import_failure(bad, 'GluonCV', 'gluoncv', answer.failure, REQUIREMENTS['gluoncv'])
    if answer.result:
        return warn('GluonCV', f"{_installed('gluoncv')}; `import gluoncv` alone fails "
                    f"({answer.result.partition(',')[0]})",
                    'write `import gluon_finetune` before `import gluoncv`: it hides torch from it')
    return ok('GluonCV', _installed('gluoncv'))


def optional(name: str, answer: Answer) -> Finding:
    """Check a package that only some features need.

    Args:
        name: A key of `OPTIONAL`.
        answer: That to the question `version`.
    """
    module, need = OPTIONAL[name]
    if answer.failure is None:
        return ok(name, answer.result)
    if _is_missing(module, answer.failure):
        return ok(name, f'not installed; {need}')
    return _import_failure(warn, name, module, answer.failure, DISTRIBUTIONS.get(module, module))


def _import_failure(level: Callable[[str, str, str], Finding], name: str, module: str, cause: str,
                    requirement: str) -> Finding:
    if _is_missing(module, cause):
        return level(name, 'not installed', f"pip install '{requirement}'")
    return level(name, f'{_installed(module)} does not import: {cause}',
                 f"pip install --force-reinstall '{requirement}'")


def _is_missing(module: str, cause: str) -> bool:
    return cause.endswith(f"ModuleNotFoundError: No module named '{module}'")


def _installed(module: str) -> str:
    try:
        return importlib.metadata.version(DISTRIBUTIONS.get(module, module))
    except importlib.metadata.PackageNotFoundError:
        return module
