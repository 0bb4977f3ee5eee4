"""Other graphs of a network with the same weights; knows no pictures and no training.

`fused` joins layers for inference, `in_precision` computes in half precision from float32 weights.
"""
import warnings

from ..compat import contrib, mx
from .arrays import in_style_of, style_of


def fused(net):
    """Return a block that infers what `net` does, faster on the CPU, as long as its weights stay.

    oneDNN does a convolution, its BatchNorm and its activation in one pass over the memory, with
    weights that it prepares in the first call: after a training step, fuse anew. What is not
    hybridized, or not on the CPU, or computes in half precision, is returned as it is.
    """
    compiled = isinstance(net, mx.gluon.HybridBlock) and net._active
    if not compiled or isinstance(net, mx.gluon.SymbolBlock) or _devices(net) != {'cpu'}:
        return net
    symbol, data = _trace(net)
    return _block(symbol.get_backend_symbol('MKLDNN'), data, net)


def in_precision(net, dtype):
    """Return a block that computes and trains like `net`, in 'bfloat16' or 'float16'.

    Its parameters are those of `net` and stay float32, and so do its outputs: the graph casts them
    where they are used, as MXNet's automatic mixed precision does, which would change every
    network of the process.
    """
    symbol, data = _trace(net)
    lowered = contrib('amp').convert_symbol(symbol, target_dtype=dtype,
                                            data_names=symbol.list_inputs())
    return _block(lowered, data, net)


def _devices(net):
    return {device.device_type for param in net.collect_params().values()
            for device in param.list_ctx()}


def _trace(net):
    """The graph of a net as a symbol, in the style of array that it was made in, and its input."""
    with style_of(net):
        data = _styled(mx.sym.var('data'))
        return net(data), data


def _block(symbol, data, net):
    """A compiled block of a graph on the parameters of `net`."""
    def build():
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore', 'Cannot decide type')   # the batches will tell
            return mx.gluon.SymbolBlock(_styled(symbol), data, params=net.collect_params())
    block = in_style_of(net, build)
    block.hybridize(static_alloc=True, static_shape=True)
    return block


def _styled(symbol):
    return symbol.as_np_ndarray() if mx.util.is_np_array() else symbol
