"""Networks of 8-bit integers: quantization and their files."""
import contextlib
import logging
import os
import warnings

import numpy as np

from ..compat.array_api import for_both_apis
from ..compat.imports import array, contrib, mx
from ..errors import UsageError
from .graphs import symbol_block
from .mismatch import explain_mismatch
from .output import output_layer
from .params_file import read_params

BATCH_SIZE = 32
FOLDER, GRAPH, WEIGHTS = 'int8', 'graph.json', 'weights.params'


def quantize(net, X):
    """The block that computes `net` in 8-bit integers, with ranges that fit a NumPy batch `X`.

    Rounding the sums of a residual network shifts its outputs. So the bias of its output layer is
    moved by what their mean over `X` has lost, in `net` too, before it is quantized for good (bias
    correction: https://arxiv.org/abs/1906.04721).
    """
    bias = output_layer(net).bias
    if bias is not None:
        lost = _mean_output(net, X) - _mean_output(_quantize(net, X), X)
        bias.set_data(bias.data() + array(lost))
    return _quantize(net, X)


def _mean_output(net, X):
    rows = [net(array(X[i:i + BATCH_SIZE])).asnumpy() for i in range(0, len(X), BATCH_SIZE)]
    return np.concatenate(rows).mean(axis=0)


def _quantize(net, X):
    silent = logging.getLogger(__name__)
    silent.setLevel(logging.ERROR)
    with _quiet():
        return contrib('quantization').quantize_net_v2(
            net, quantized_dtype='auto', calib_mode='naive', num_calib_examples=len(X),
            calib_data=mx.io.NDArrayIter(X, batch_size=min(len(X), BATCH_SIZE)), ctx=mx.cpu(),
            logger=silent)


@contextlib.contextmanager
def _quiet():
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


def load_int8(run):
    """The block that `export_int8` wrote into a run directory, for arrays of the style in force.

    Raises `UsageError` when there is none, or it is damaged.
    """
    folder = os.path.join(run, FOLDER)
    if not os.path.isdir(folder):
        raise UsageError(f'{run} has no 8-bit network yet: make it with gluon-finetune export '
                         f'{run} --to int8 --data DATA')
    values = read_params(os.path.join(folder, WEIGHTS))
    path = os.path.join(folder, GRAPH)
    try:
        with open(path, encoding='utf-8') as file:
            symbol = mx.sym.load_json(file.read())
        net = for_both_apis(lambda: symbol_block(symbol, mx.sym.var('data')))
    except (OSError, UnicodeError, mx.MXNetError, ValueError) as error:
        raise UsageError(f'{path} is damaged: export the network again '
                         f'({str(error).strip().splitlines()[-1]})') from None
    params = net.collect_params()
    wrong = explain_mismatch({name: None for name in params},
                             {name: value.shape for name, value in values.items()})
    if wrong:
        raise UsageError(f'{os.path.join(folder, WEIGHTS)} does not fit {path}: {wrong}')
    for name, param in params.items():
        param.shape, param.dtype = values[name].shape, values[name].dtype
        param.initialize(mx.init.Zero(), ctx=mx.cpu(), force_reinit=True)
        param.set_data(array(values[name], dtype=param.dtype))
    net.hybridize(static_alloc=True, static_shape=True)
    return net
