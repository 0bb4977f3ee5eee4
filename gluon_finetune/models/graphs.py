"""Rewritten graphs that share the weights of a network.

`fused` merges layers for inference, `in_precision` computes in half precision from float32 weights,
`split` separates what is frozen from what learns.
"""
from __future__ import annotations

import json
from typing import Any

from ..compat.array_api import api_of, in_api_of
from ..compat.gluon import device_kinds
from ..compat.graphs import (
    can_rewrite_graphs,
    compiled_graph,
    graph_nodes,
    input_symbol,
    is_hybridized,
    symbol_block,
    to_active_api,
    trace_in_active_api,
)
from ..compat.imports import contrib, mx, structured_parameters
from ..errors import UsageError
from ..types import Net, Symbol


def fused(net: Net) -> Net:
    """Return a block with the outputs of `net` that is faster on the CPU, while its weights last.

    oneDNN computes a convolution, its BatchNorm and its activation in one pass over the memory. It
    prepares the weights in the first call: call `fused` again after a training step. A net that is
    not hybridized, not on the CPU, or in half precision is returned unchanged.
    """
    if not (can_rewrite_graphs() and is_hybridized(net) and device_kinds(net) == {'cpu'}):
        return net
    symbol, data = trace(net)
    if 'amp_cast' in _operators(symbol):
        return net
    return _block(symbol.get_backend_symbol('MKLDNN'), data, net)


def in_precision(net: Net, dtype: str) -> Net:
    """Return a block that computes and trains like `net`, in 'bfloat16' or 'float16'.

    It shares the parameters of `net`, which stay float32, as do its outputs: the graph casts them
    where they are used. MXNet's automatic mixed precision does the same, but to every network of
    the process. Raises `UsageError` with MXNet 2.
    """
    if not can_rewrite_graphs():
        raise UsageError(f'{dtype} needs MXNet 1: pip install "mxnet<2"')
    symbol, data = trace(net)
    lowered = contrib('amp').convert_symbol(symbol, target_dtype=dtype,
                                            data_names=symbol.list_inputs())
    return _block(lowered, data, net)


def split(net: Net, part: Net) -> tuple[Net, Net] | None:
    """Return two blocks that together compute `net`: up to a part of it, and from there on.

    `net` must have run once, so that all shapes are known. Returns None with MXNet 2, if what
    comes before the part is random in training (Dropout), or if more than one array leads from
    there to the rest.
    """
    if not can_rewrite_graphs():
        return None
    symbol, data = trace(net)
    graph = json.loads(symbol.tojson())
    cut = _input_of(graph, {param.name for param in structured_parameters(part).values()})
    features = mx.sym.load_json(json.dumps({**graph, 'heads': [cut]}))
    graph['nodes'][cut[0]] = {'op': 'null', 'name': 'features', 'inputs': []}
    rest = mx.sym.load_json(json.dumps(graph))
    if 'Dropout' in _operators(features) or data.name in rest.list_inputs():
        return None
    with api_of(net):
        return _block(features, data, net), _block(rest, input_symbol('features'), net)


def graph_of(block: Net) -> str:
    """Return the graph of a block made by this module: equal text for equal networks."""
    nodes = graph_nodes(compiled_graph(block))
    return json.dumps([[node['op'], node.get('attrs'), node['inputs']] for node in nodes])


def _input_of(graph: dict[str, Any], weights: set[str]) -> list[int]:
    """Return the entry of a graph that is the input of the first layer with one of `weights`."""
    entry: list[int] = next(
        node['inputs'][0] for node in graph['nodes']
        if any(graph['nodes'][i]['name'] in weights for i, *_ in node['inputs']))
    return entry


def _operators(symbol: Symbol) -> set[str]:
    return {node['op'] for node in graph_nodes(symbol)}


def trace(net: Net) -> tuple[Symbol, Symbol]:
    """Return the graph of a net, in the array API that it was made in, and its input."""
    with api_of(net):
        return trace_in_active_api(net)


def _block(symbol: Symbol, data: Symbol, net: Net) -> Net:
    """Return a compiled block of a graph with the parameters of `net`."""
    block = in_api_of(net, lambda: symbol_block(to_active_api(symbol), data, net.collect_params()))
    block.hybridize(static_alloc=True, static_shape=True)
    return block
