"""Quantized networks of MXNet 1: whether they are supported, and their graphs and weights."""
from __future__ import annotations

from ..errors import UsageError
from ..types import Array, Net, Symbol
from .imports import MXNET_2


def check_quantization() -> None:
    """Raise `UsageError` if MXNet cannot quantize networks (MXNet 2)."""
    if MXNET_2:
        raise UsageError('8-bit networks need MXNet 1: pip install "mxnet<2"')


def graph_of(block: Net) -> Symbol:
    """Return the graph of a `SymbolBlock`."""
    return block._cached_graph[1]


def averaged_values(block: Net) -> dict[str, Array]:
    """Return {long name: value on the CPU, averaged over the devices} of all parameters."""
    return {param.name: param._reduce() for param in block.collect_params().values()}
