"""Lets networks written for legacy arrays take NumPy-style ones; knows nothing about their weights.

66 of the 113 classifiers call legacy operators (clip, concat, Pooling, ...), which refuse
NumPy-style arrays on MXNet 1.9.1. Their graphs run on both. MXNet 2 has other networks.
"""
import contextlib
import types

from .gluon import check_array_api, device_of
from .imports import MXNET_2, mx


def in_active_api(build):
    """Return the net that `build()` makes, so made that it takes arrays of the style in force.

    Raises `UsageError` where there is no such net.
    """
    check_array_api()
    net = build()
    if MXNET_2 or not mx.util.is_np_array() or _can_be_traced(net):
        return net
    return for_both_apis(build)


def in_api_of(block, build):
    """Return the layer that `build()` makes, so made that it can stand where `block` stands."""
    return for_both_apis(build) if 'forward' in vars(block) else build()


def api_of(net):
    """Return a context in which `net` can be called on a symbol: the style it was made in."""
    return legacy() if 'forward' in vars(net) else contextlib.nullcontext()


def for_both_apis(build):
    """Return the net that `build()` makes for legacy arrays, so made that it takes either style."""
    with legacy():  # a layer chooses its operators when it is made
        net = build()
    net.apply(lambda block: vars(block).update(forward=types.MethodType(_forward, block)))
    return net


def _forward(block, x, *others):
    """Run the graph that `block` has with legacy operators, compiled even if it is not hybridized.

    With `others` it is inside the net, whose graph is being made.
    """
    if not mx.util.is_np_array():
        return type(block).forward(block, x, *others)
    if isinstance(x, mx.sym.Symbol):
        with legacy():
            return type(block).forward(block, x.as_nd_ndarray()).as_np_ndarray()
    _finish_deferred(block, x)
    with legacy(), device_of(x):
        return block._call_cached_op(x.as_nd_ndarray()).as_np_ndarray()


def _finish_deferred(block, x):
    waiting = [param for param in block.collect_params().values() if param._deferred_init]
    if waiting:
        with legacy():
            block.infer_shape(x.as_nd_ndarray())
        for param in waiting:
            param._finish_deferred_init()  # out here, so that its array is of the style in force


def _can_be_traced(net):
    try:
        net(mx.sym.var('data').as_np_ndarray())
    except (AttributeError, TypeError):
        return False
    return True


@contextlib.contextmanager
def legacy():
    """A context in which legacy arrays are in force."""
    with mx.util.np_array(False), mx.util.np_shape(False):
        yield
