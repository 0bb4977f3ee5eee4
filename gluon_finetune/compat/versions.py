"""Versions of Python, NumPy, MXNet and GluonCV that work together."""
from __future__ import annotations

PACKAGES = ('mxnet', 'gluoncv')   # imported under the conditions of shims.py
REQUIREMENTS = {'mxnet': 'mxnet>=1.9.1,<2', 'gluoncv': 'gluoncv>=0.10.5,<1', 'numpy': 'numpy<2'}
PYTHONS = '3.8 to 3.12'
# Build options of MXNet that decide what it can do and how fast.
MXNET_FEATURES = ('CUDA', 'CUDNN', 'NCCL', 'MKLDNN', 'ONEDNN', 'OPENMP', 'OPENCV', 'DIST_KVSTORE')


def supports_python(version: tuple[int, ...]) -> bool:
    """Return whether MXNet runs on a Python version, such as `sys.version_info`."""
    return (3, 8) <= version[:2] < (3, 13)


def supports_numpy(version: str) -> bool:
    """Return whether MXNet runs beside a NumPy version, such as `numpy.__version__`."""
    return int(version.partition('.')[0]) < 2
