"""Graphs of nets: tracing, compiled graphs, and blocks made from graphs.

The nets of MXNet 2 cannot be called on symbols, and its graphs cannot be rewritten.
"""
from __future__ import annotations

import json
import warnings
from typing import Any, Callable, Dict, Tuple

from ..types import Net, Parameter, Symbol
from .imports import MXNET_2, mx
from .layers import copy_block

Shape = Tuple[int, ...]
Trace = Tuple[Symbol, Dict[str, Parameter]]   # a graph, and the parameters by their names in it
Tracer = Callable[[Shape], Trace]             # of the shape of a batch


def can_rewrite_graphs() -> bool:
    """Return whether graphs can be fused, cast and split: MXNet 1 only."""
    return not MXNET_2


def is_hybridized(net: Net) -> bool:
    """Return whether `net` runs as a compiled graph."""
    return isinstance(net, mx.gluon.HybridBlock) and bool(net._active)


def compiled_graph(block: Net) -> Symbol:
    """Return the graph of a block that was made from one or has run hybridized."""
    return block._cached_graph[1]


def drop_compiled_graph(block: Net) -> None:
    """Make a block compile its graph anew, after options of its layers have changed."""
    if isinstance(block, mx.gluon.HybridBlock):
        block._clear_cached_op()


def input_symbol(name: str) -> Symbol:
    """Return a symbol of the active array API that stands for an input."""
    return to_active_api(mx.sym.var(name))


def to_active_api(symbol: Symbol) -> Symbol:
    """Return a symbol for legacy arrays as one of the active array API."""
    return symbol.as_np_ndarray() if mx.util.is_np_array() else symbol


def symbol_block(symbol: Symbol, data: Symbol, params: dict[str, Any] | None = None) -> Net:
    """Return Gluon's block of a graph, without its warning about types unknown before a batch."""
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'Cannot decide type')
        return mx.gluon.SymbolBlock(symbol, data, params=params)


def trace_in_active_api(net: Net) -> tuple[Symbol, Symbol]:
    """Return the graph of a net, in the active array API, and its input."""
    if isinstance(net, mx.gluon.SymbolBlock):   # MXNet cannot call one on a NumPy-style symbol
        (data,), graph = net._cached_graph
        return graph, data
    data = input_symbol('data')
    return net(data), data


def import_symbol(graph: str, weights: str) -> Net:
    """Return Gluon's block of a graph and its parameters, files of `HybridBlock.export`."""
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'Cannot decide type')
        return mx.gluon.SymbolBlock.imports(graph, ['data'], weights)


def tracer(net: Net) -> Tracer:
    """Return a function that traces a HybridBlock for a shape and leaves it unchanged."""
    if MXNET_2:
        return lambda shape: _trace_copy(net, shape)
    traced = trace_in_active_api(net)[0], _params_by_name(net)
    return lambda shape: traced


def known_shapes(graph: Symbol, params: dict[str, Parameter], shape: Shape) -> dict[str, Shape]:
    """Return the shapes of the inputs of a graph: of parameters, if known, and of the batch."""
    shapes = {name: tuple(params[name].shape or ()) if name in params else shape
              for name in graph.list_inputs()}
    return {name: shape for name, shape in shapes.items() if min(shape, default=0) > 0}


def graph_nodes(graph: Symbol) -> list[dict[str, Any]]:
    """Return the nodes of a graph, each after its inputs, as MXNet writes them to JSON."""
    nodes: list[dict[str, Any]] = json.loads(graph.tojson(remove_amp_cast=False))['nodes']
    return nodes


def _trace_copy(net: Net, shape: Shape) -> Trace:
    """Trace a copy of `net` for one shape, because tracing fixes the shapes of its parameters."""
    duplicate = copy_block(net)
    duplicate.initialize(mx.init.Zero(), force_reinit=True)   # uses no random numbers
    try:
        graph = duplicate._get_graph(mx.np.zeros(shape))[1]
    except AssertionError as error:   # a parameter already has another shape
        raise mx.MXNetError(str(error)) from None
    return graph, _params_by_name(duplicate)


def _params_by_name(net: Net) -> dict[str, Parameter]:
    return {param.var().name: param for param in net.collect_params().values()}
