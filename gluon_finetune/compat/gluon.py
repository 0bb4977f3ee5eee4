"""Arrays, devices and parameters of Gluon, where MXNet 1.9.1 and 2.0 differ.

The nets of MXNet 2 accept NumPy-style arrays only, and their parameters have no long names.
"""
from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from ..errors import UsageError
from ..types import Array, Device, Net, NumPyArray, Parameter
from .imports import MXNET_2, mx, structured_parameters


def check_array_api() -> None:
    """Raise `UsageError` if legacy arrays are active and nets do not accept them (MXNet 2)."""
    if MXNET_2 and not (mx.util.is_np_array() and mx.util.is_np_shape()):
        raise UsageError(f'legacy arrays are active, but the networks of MXNet {mx.__version__} '
                         f'accept only NumPy-style arrays: call mxnet.npx.set_np() first, in each '
                         f'thread, or install MXNet 1 (pip install "mxnet<2")')


def device(kind: str, index: int = 0) -> Device:
    """Return a device by its kind, 'cpu' or 'gpu', and its index."""
    return mx.Device(kind, index) if MXNET_2 else mx.Context(kind, index)


def devices_of(net: Net) -> list[Device]:
    """Return the devices of a net with initialized parameters."""
    return _devices(next(iter(net.collect_params().values())))


def device_kinds(net: Net) -> set[str]:
    """Return the kinds of devices ('cpu', 'gpu') that hold parameters of a net."""
    return {device.device_type for parameter in net.collect_params().values()
            for device in _devices(parameter)}


def device_of(x: Array) -> Device:
    """Return the device of an array."""
    return x.device if MXNET_2 else x.ctx


def empty(shape: tuple[int, ...], dtype: Any = 'float32') -> tuple[Array, NumPyArray]:
    """Return an uninitialized array of the active array API and a NumPy view of its memory.

    The view must be filled before the array is used. MXNet owns the memory: memory borrowed from
    NumPy (`mx.nd.from_numpy`) is released by Python code in a thread of the engine, which has
    crashed MXNet 2.
    """
    X = (mx.np if mx.util.is_np_array() else mx.nd).empty(shape, dtype=dtype)
    address = ctypes.c_void_p()
    mx.base.check_call(mx.base._LIB.MXNDArrayGetData(X.handle, ctypes.byref(address)))
    dtype = np.dtype(dtype)
    buffer_type: Any = ctypes.c_byte * (X.size * dtype.itemsize)
    memory = buffer_type.from_address(address.value)
    memory.owner = X   # lives as long as the view
    return X, np.frombuffer(memory, dtype).reshape(shape)


def from_numpy(data: NumPyArray) -> Array:
    """Return a copy of `data` as an array of the active array API, on the CPU."""
    X, view = empty(data.shape, data.dtype)
    view[...] = data
    return X


def is_initialized(parameter: Parameter) -> bool:
    """Return whether a parameter has values (with deferred initialization: not yet)."""
    return parameter._data is not None


def is_trainable(parameter: Parameter) -> bool:
    """Return whether a parameter can have a gradient; `grad_req='null'` freezes such a one."""
    return bool(parameter._differentiable)


def own_parameters(block: Net) -> list[Parameter]:
    """Return the parameters of a block without those of its children."""
    return list(block._reg_params.values())


def long_names(net: Net) -> dict[str, str]:
    """Return structural name -> long name of the parameters of a net; {} if they have none.

    Long names ('conv0_weight'), here without the prefix of the net, are used by files of a Module
    or a symbol.
    """
    if MXNET_2:
        return {}
    prefix: str = net.prefix
    return {name: param.name[len(prefix):] if param.name.startswith(prefix) else param.name
            for name, param in structured_parameters(net).items()}


def _devices(parameter: Parameter) -> list[Device]:
    devices: list[Device] = parameter.list_device() if MXNET_2 else parameter.list_ctx()
    return devices
