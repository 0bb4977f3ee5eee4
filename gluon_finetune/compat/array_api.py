"""The active array API: NumPy-style arrays for networks written for legacy ones.

66 of the 113 classifiers call legacy operators (clip, concat, Pooling, ...), which reject
NumPy-style arrays on MXNet 1.9.1; their compiled graphs accept both. MXNet 2 has other networks.
"""
from __future__ import annotations

import contextlib
import types
from typing import Any, Callable, ContextManager, Iterator

from ..types import Array, Net
from .gluon import check_array_api, device_of
from .imports import MXNET_2, mx


def in_active_api(build: Callable[[], Net]) -> Net:
    """Return the net that `build()` makes, adapted to arrays of the active array API.

    Raises `UsageError` if no such net exists.
    """
    check_array_api()
    net = build()
    if MXNET_2 or not mx.util.is_np_array() or _can_be_traced(net):
        return net
    return for_both_apis(build)


def in_api_of(block: Net, build: Callable[[], Net]) -> Net:
    """Return the layer that `build()` makes, adapted to the array API of `block`."""
    return for_both_apis(build) if _is_adapted(block) else build()


def api_of(net: Net) -> ContextManager[Any]:
    """Return a context for calling `net` on a symbol: the array API that it was made in."""
    return legacy_api() if _is_adapted(net) else contextlib.nullcontext()


def for_both_apis(build: Callable[[], Net]) -> Net:
    """Return the net that `build()` makes with legacy operators, adapted to both array APIs."""
    with legacy_api():  # a layer chooses its operators when it is made
        net = build()
    net.apply(lambda block: block.__dict__.update(forward=types.MethodType(_forward, block)))
    return net


@contextlib.contextmanager
def legacy_api() -> Iterator[None]:
    """Make legacy arrays (`mx.nd`) the active array API."""
    with mx.util.np_array(False), mx.util.np_shape(False):
        yield


def _is_adapted(block: Net) -> bool:
    return 'forward' in vars(block)


def _forward(block: Net, x: Any, *others: Any) -> Any:
    """Run the graph of `block` with legacy operators, compiled even if it is not hybridized.

    `others` are passed only inside a net whose graph is being traced.
    """
    if not mx.util.is_np_array():
        return type(block).forward(block, x, *others)
    if isinstance(x, mx.sym.Symbol):
        with legacy_api():
            return type(block).forward(block, x.as_nd_ndarray()).as_np_ndarray()
    _finish_deferred(block, x)
    with legacy_api(), device_of(x):
        return block._call_cached_op(x.as_nd_ndarray()).as_np_ndarray()


def _finish_deferred(block: Net, x: Array) -> None:
    waiting = [param for param in block.collect_params().values() if param._deferred_init]
    if waiting:
        with legacy_api():
            block.infer_shape(x.as_nd_ndarray())
        for param in waiting:
            param._finish_deferred_init()  # outside legacy_api: an array of the active API


def _can_be_traced(net: Net) -> bool:
    try:
        net(mx.sym.var('data').as_np_ndarray())
    except (AttributeError, TypeError):
        return False
    return True
