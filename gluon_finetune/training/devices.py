"""Devices, and the division of a batch among them."""
from __future__ import annotations

from typing import Any, Iterable, Sequence

from ..compat.cpu import has_bfloat16
from ..compat.gluon import device as make_device
from ..compat.imports import mx
from ..errors import UsageError
from ..types import Array, Device


def try_gpu(i: int = 0) -> Device:
    """Return GPU number `i`, or the CPU where there is no such GPU.

    Args:
        i: Number of the GPU, from 0.

    Returns:
        `mx.gpu(i)` or `mx.cpu()`.
    """
    return mx.gpu(i) if mx.context.num_gpus() > i else mx.cpu()


def try_all_gpus() -> list[Device]:
    """Return every GPU, or the CPU where there is none.

    Returns:
        A list of devices, `[mx.cpu()]` without a GPU.
    """
    return [mx.gpu(i) for i in range(mx.context.num_gpus())] or [mx.cpu()]


def parse_devices(text: str) -> list[Device]:
    """Parse devices: `auto`, `cpu`, `gpu`, `cpu:0,cpu:1`, `gpu:0,gpu:2`.

    Raises:
        UsageError: A word is not a device, or the GPU does not exist.
    """
    if text == 'auto':
        return try_all_gpus()
    devices = [_parse_device(word.strip()) for word in text.split(',')]
    if len(set(devices)) < len(devices):
        raise UsageError(f'devices {text!r}: each device may be named once')
    return devices


def _parse_device(word: str) -> Device:
    kind, _, index = word.partition(':')
    if kind not in ('cpu', 'gpu') or not (index or '0').isdigit():
        raise UsageError(f'device {word!r}: expected auto, cpu, gpu, cpu:N or gpu:N, '
                         f'several with commas, such as gpu:0,gpu:1')
    device = make_device(kind, int(index or 0))
    if kind == 'gpu' and device.device_id >= mx.context.num_gpus():
        raise UsageError(f'device {word!r}: MXNet finds {mx.context.num_gpus()} GPUs; use '
                         f'--devices cpu, or install an MXNet built for CUDA')
    return device


def check_dtype(dtype: str, devices: Iterable[Device]) -> None:
    """Check that all devices can compute in a precision.

    Raises:
        UsageError: One of them cannot.
    """
    kinds = {device.device_type for device in devices}
    if dtype == 'float16' and 'cpu' in kinds:
        raise UsageError('dtype float16 needs a GPU: on a CPU use float32, or bfloat16 where the '
                         'CPU has AVX-512')
    if dtype == 'bfloat16' and 'gpu' in kinds:
        raise UsageError('dtype bfloat16 needs a CPU: on a GPU use float32 or float16')
    if dtype == 'bfloat16' and not has_bfloat16():
        raise UsageError('dtype bfloat16 needs a CPU with AVX-512, which this one lacks: use '
                         'float32')


def split_batch(X: Array, y: Array, devices: Sequence[Device]) -> tuple[list[Array], list[Array]]:
    """Divide a batch among devices.

    Parts differ by one example at most, and none is empty: a batch with fewer examples than there
    are devices goes to the first of them, and `zero_idle_gradients` is for the others.

    Args:
        X: Examples (batch, ...).
        y: Labels (batch,) or (batch, classes).
        devices: The devices.

    Returns:
        `(X_parts, y_parts)`, two lists of one array a device, each on its device.

    Raises:
        UsageError: `X` and `y` differ in length.
    """
    if len(X) != len(y):
        raise UsageError(f'{len(X)} examples with {len(y)} labels: each example needs one label')
    used = devices[:len(X)]
    X_parts, y_parts = (mx.gluon.utils.split_and_load(part, used, even_split=False)
                        for part in (X, y))
    return X_parts, y_parts


def zero_idle_gradients(params: Iterable[Any], idle_devices: Iterable[Device]) -> None:
    """Set the gradients of devices without examples to zero.

    The trainer sums the gradients of all devices, so an idle device would contribute those of the
    batch before.
    """
    learning = [param for param in params if param.grad_req != 'null']
    for device in idle_devices:
        with mx.autograd.record():
            zero = sum((param.data(device) * 0).sum() for param in learning)
        zero.backward()
