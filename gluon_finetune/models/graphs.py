"""Other graphs of a network with the same weights; knows no images and no training.

`fused` joins layers for inference, `in_precision` computes in half precision from float32 weights,
`split` parts the features from the output layer.
"""
import json
import warnings

from ..compat.array_api import api_of, in_api_of
from ..compat.imports import MXNET_2, contrib, mx
from ..errors import UsageError
from .output import output_layer


def fused(net):
    """Return a block that infers what `net` does, faster on the CPU, as long as its weights stay.

    oneDNN does a convolution, its BatchNorm and its activation in one pass over the memory, with
    weights that it prepares in the first call: after a training step, fuse anew. What is not
    hybridized, or not on the CPU, or computes in half precision, is returned as it is.
    """
    compiled = isinstance(net, mx.gluon.HybridBlock) and net._active
    if MXNET_2 or not compiled or _devices(net) != {'cpu'}:
        return net
    symbol, data = _trace(net)
    if 'amp_cast' in _operators(symbol):
        return net
    return _block(symbol.get_backend_symbol('MKLDNN'), data, net)


def in_precision(net, dtype):
    """Return a block that computes and trains like `net`, in 'bfloat16' or 'float16'.

    Its parameters are those of `net` and stay float32, and so do its outputs: the graph casts them
    where they are used, as MXNet's automatic mixed precision does, which would change every
    network of the process. Raises `UsageError` with MXNet 2.
    """
    if MXNET_2:
        raise UsageError(f'{dtype} needs MXNet 1: pip install "mxnet<2"')
    symbol, data = _trace(net)
    lowered = contrib('amp').convert_symbol(symbol, target_dtype=dtype,
                                            data_names=symbol.list_inputs())
    return _block(lowered, data, net)


def split(net):
    """Return two blocks that are `net` one after the other: up to its output layer, and from it on.

    `net` has been called before, so that all shapes are known. Returns None where what comes before
    is random while training (Dropout), and so is not the same twice, and with MXNet 2.
    """
    if MXNET_2:   # whose graphs cannot be cut
        return None
    symbol, data = _trace(net)
    graph = json.loads(symbol.tojson())
    weight = output_layer(net).weight.name
    place = next(node['inputs'][0] for node in graph['nodes']
                 if weight in [graph['nodes'][i]['name'] for i, *_ in node['inputs']])
    features = mx.sym.load_json(json.dumps({**graph, 'heads': [place]}))
    if 'Dropout' in _operators(features):
        return None
    graph['nodes'][place[0]] = {'op': 'null', 'name': 'features', 'inputs': []}
    output = mx.sym.load_json(json.dumps(graph))
    with api_of(net):
        return _block(features, data, net), _block(output, _styled(mx.sym.var('features')), net)


def graph_of(block):
    """Return what a block made here computes, as text that is the same for the same network."""
    nodes = _nodes(block._cached_graph[1])
    return json.dumps([[node['op'], node.get('attrs'), node['inputs']] for node in nodes])


def _operators(symbol):
    return {node['op'] for node in _nodes(symbol)}


def _nodes(symbol):
    return json.loads(symbol.tojson(remove_amp_cast=False))['nodes']


def _devices(net):
    return {device.device_type for param in net.collect_params().values()
            for device in param.list_ctx()}


def _trace(net):
    """The graph of a net as a symbol, in the style of array that it was made in, and its input."""
    with api_of(net):
        data = _styled(mx.sym.var('data'))
        return net(data), data


def _block(symbol, data, net):
    """A compiled block of a graph on the parameters of `net`."""
    block = in_api_of(net, lambda: symbol_block(_styled(symbol), data, net.collect_params()))
    block.hybridize(static_alloc=True, static_shape=True)
    return block


def symbol_block(symbol, data, params=None):
    """Gluon's block of a graph, without its warning that types are not known before a batch is."""
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'Cannot decide type')
        return mx.gluon.SymbolBlock(symbol, data, params=params)


def _styled(symbol):
    return symbol.as_np_ndarray() if mx.util.is_np_array() else symbol
