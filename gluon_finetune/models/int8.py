"""Networks that compute in 8-bit integers: quantization, and their files in a run directory."""
from __future__ import annotations

import contextlib
import logging
import os
import warnings
from typing import Any, Iterator

import numpy as np

from ..compat.array_api import for_both_apis
from ..compat.graphs import symbol_block
from ..compat.imports import array, contrib, mx
from ..errors import UsageError
from ..types import Net, NumPyArray, StrPath
from .mismatch import explain_mismatch
from .output import output_layer
from .params_file import read_params

BATCH_SIZE = 32
FOLDER, GRAPH, WEIGHTS = 'int8', 'graph.json', 'weights.params'


def quantize(net: Net, X: NumPyArray) -> Net:
    """Return a block that computes `net` in 8-bit integers, calibrated on a batch of images.

    Rounding shifts the mean outputs of a residual network. The bias of the output layer, also that
    of `net`, is corrected by this shift before the final quantization (bias correction:
    https://arxiv.org/abs/1906.04721).

    Args:
        net: A network for legacy arrays, on the CPU; it is changed.
        X: Images (n, 3, height, width), from which the ranges of activations are taken.

    Returns:
        The quantized network.
    """
    bias = output_layer(net).bias
    if bias is not None:
        shift = _mean_output(net, X) - _mean_output(_quantize(net, X), X)
        bias.set_data(bias.data() + array(shift))
    return _quantize(net, X)


def load_int8(run: StrPath) -> Net:
    """Return the network that `export_int8` wrote to a run directory, for the active array API.

    Raises `UsageError` if there is none, or if it is corrupt.
    """
    folder = os.path.join(run, FOLDER)
    if not os.path.isdir(folder):
        raise UsageError(f'{os.fspath(run)} has no int8 network: create it with gluon-finetune '
                         f'export {os.fspath(run)} --to int8 --data DATA')
    weights, graph = os.path.join(folder, WEIGHTS), os.path.join(folder, GRAPH)
    values = read_params(weights)
    net = _load_graph(graph)
    mismatch = explain_mismatch({name: None for name in net.collect_params()},
                                {name: value.shape for name, value in values.items()})
    if mismatch:
        raise UsageError(f'{weights} does not fit {graph}: {mismatch}')
    _set_values(net, values)
    net.hybridize(static_alloc=True, static_shape=True)
    return net


def _mean_output(net: Net, X: NumPyArray) -> Any:
    outputs = [net(array(X[i:i + BATCH_SIZE])).asnumpy() for i in range(0, len(X), BATCH_SIZE)]
    return np.concatenate(outputs).mean(axis=0)


def _quantize(net: Net, X: NumPyArray) -> Net:
    logger = logging.getLogger(__name__)
    logger.setLevel(logging.ERROR)
    with _quiet():
        return contrib('quantization').quantize_net_v2(
            net, quantized_dtype='auto', calib_mode='naive', num_calib_examples=len(X),
            calib_data=mx.io.NDArrayIter(X, batch_size=min(len(X), BATCH_SIZE)), ctx=mx.cpu(),
            logger=logger)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drop the line that MXNet's core logs for each layer; its errors are raised all the same."""
    with warnings.catch_warnings(), open(os.devnull, 'w') as nowhere:
        warnings.filterwarnings('ignore', 'Cannot decide type')
        stderr = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _load_graph(path: str) -> Net:
    try:
        with open(path, encoding='utf-8') as file:
            symbol = mx.sym.load_json(file.read())
        return for_both_apis(lambda: symbol_block(symbol, mx.sym.var('data')))
    except (OSError, UnicodeError, mx.MXNetError, ValueError) as error:
        raise UsageError(f'{path} is corrupt ({str(error).strip().splitlines()[-1]}): export the '
                         f'network again') from None


def _set_values(net: Net, values: dict[str, NumPyArray]) -> None:
    for name, param in net.collect_params().items():
        param.shape, param.dtype = values[name].shape, values[name].dtype
        param.initialize(mx.init.Zero(), ctx=mx.cpu(), force_reinit=True)
        param.set_data(array(values[name], dtype=param.dtype))
