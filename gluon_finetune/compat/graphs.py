"""Graphs of nets: tracing, compiled graphs, and blocks made from graphs.

The nets of MXNet 2 cannot be called on symbols, and its graphs cannot be rewritten.
"""
from __future__ import annotations

import warnings
from typing import Any, Callable, Dict, Tuple

from ..types import Net, Symbol
from .imports import MXNET_2, mx, structured_parameters
from .layers import copy_block

Shape = Tuple[int, ...]
Trace = Tuple[Symbol, Dict[str, Shape]]   # a graph, and the known shapes of its parameters by name
Tracer = Callable[[Shape], Trace]         # of the shape of a batch


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


def import_symbol(graph: str, weights: str) -> Net:
    """Return Gluon's block of a graph and its parameters, files of `HybridBlock.export`."""
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'Cannot decide type')
        return mx.gluon.SymbolBlock.imports(graph, ['data'], weights)


def tracer(net: Net) -> Tracer:
    """Return a function that traces a HybridBlock for a shape and leaves it unchanged."""
    if MXNET_2:
        return lambda shape: _trace_copy(net, shape)
    graph = net(input_symbol('data'))
    inputs = set(graph.list_inputs())
    known = {param.name: tuple(param.shape) for param in structured_parameters(net).values()
             if param.name in inputs and min(param.shape or (0,)) > 0}
    return lambda shape: (graph, known)


def _trace_copy(net: Net, shape: Shape) -> Trace:
    """Trace a copy of `net` for one shape, because tracing fixes the shapes of its parameters."""
    duplicate = copy_block(net)
    duplicate.initialize(mx.init.Zero(), force_reinit=True)   # uses no random numbers
    try:
        graph = duplicate._get_graph(mx.np.zeros(shape))[1]
    except AssertionError as error:   # a parameter already has another shape
        raise mx.MXNetError(str(error)) from None
    return graph, {param.var().name: param.shape for param in duplicate.collect_params().values()}
