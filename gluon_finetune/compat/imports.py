"""MXNet and GluonCV as the package uses them, and where MXNet 1.9.1 and 2.0 differ."""
from __future__ import annotations

import importlib
from typing import Any, Iterable, Mapping

from ..errors import SEE_DOCTOR, UsageError
from ..types import Array, Device, Net, NumPyArray

try:
    mx: Any = importlib.import_module('mxnet')   # under the conditions that hook.py sets
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f'{error}{SEE_DOCTOR}', name=error.name) from None

import numpy as np

MXNET_2: bool = mx.__version__.startswith('2.')


def gluoncv() -> Any:
    """Import and return GluonCV.

    Raises:
        UsageError: MXNet 2 is installed, which GluonCV does not support.
    """
    if MXNET_2:
        raise UsageError(f'GluonCV does not support MXNet {mx.__version__}: install MXNet 1 (pip '
                         f'install "mxnet<2"), or use a network of mxnet.gluon.model_zoo, with its '
                         f'class names in a .labels.json file beside the weights')
    return importlib.import_module('gluoncv')


def require_mxnet_1(purpose: str) -> None:
    """Raise `UsageError` that `purpose` needs MXNet 1, where another is installed."""
    if MXNET_2:
        raise UsageError(f'{purpose} needs MXNet 1, but {mx.__version__} is installed: pip install '
                         f'"mxnet<2" (a run of one can be used with the other)')


def contrib(name: str) -> Any:
    """Return a part of MXNet that it does not import itself: 'amp' or 'quantization'."""
    return importlib.import_module(f'mxnet.contrib.{name}')


def set_attribute(params: Mapping[str, Any], name: str, value: object) -> None:
    """Set an attribute such as 'lr_mult' on every parameter that `collect_params()` gave."""
    for parameter in params.values():
        setattr(parameter, name, value)


def structured_parameters(net: Net) -> dict[str, Any]:
    """Return structural name -> parameter, such as 'features.0.gamma', as in .params files."""
    parameters: dict[str, Any] = net._collect_params_with_prefix()
    return parameters


def value_of(parameter: Any) -> NumPyArray:
    """Return the value of a parameter as a NumPy array, averaged over its devices.

    It is read from a copy that the engine makes in its turn: `parameter.data().asnumpy()` soon
    after a batch may crash, as MXNet rearranges weights for oneDNN in another thread.
    """
    value: NumPyArray = parameter._reduce().asnumpy()
    return value


def zoo_sha1(store: Any, name: str) -> str:
    """Return the SHA-1 that the `model_store` module of a zoo gives for the weights of a network.

    Raises:
        KeyError: If the zoo has no weights for it.
    """
    sha1: str = store._model_sha1[name]
    return sha1


def move(net: Net, devices: Device | Iterable[Device]) -> None:
    """Move every parameter of a net to `devices`, one or a list of them."""
    for parameter in net.collect_params().values():
        reset = parameter.reset_device if MXNET_2 else parameter.reset_ctx
        reset(devices)


def array(data: Any, ctx: Device | None = None, dtype: Any = None) -> Array:
    """Make an array of the active array API, `mx.np` or `mx.nd`.

    Args:
        data: Array or nested sequence of numbers.
        ctx: Device; None means MXNet's default.
        dtype: Type of the elements; None keeps that of `data`, but float64 becomes float32.
    """
    data = data.asnumpy() if hasattr(data, 'asnumpy') else np.asarray(data)
    if dtype is None:
        dtype = np.float32 if data.dtype == np.float64 else data.dtype
    if uses_mx_np():
        return mx.np.array(data, dtype, ctx)
    return mx.nd.array(data, ctx, dtype)


def uses_mx_np() -> bool:
    """Return whether arrays are made by `mx.np`: always with MXNet 2, whose nets take no others."""
    return MXNET_2 or bool(mx.util.is_np_array())
