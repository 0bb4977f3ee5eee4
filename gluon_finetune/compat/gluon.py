"""Where Gluon differs between MXNet 1.9.1 and 2.0; knows nothing about what networks are for.

In MXNet 2 nets take NumPy-style arrays alone and cannot be called on symbols, parents hold their
children by weak references, and parameters have no long names.
"""
import copy
import ctypes
import weakref

import numpy as np

from ..errors import UsageError
from .imports import MXNET_2, mx, structured_parameters


def check_array_api():
    """Raise `UsageError` where legacy arrays are in force and nets cannot take them (MXNet 2)."""
    if MXNET_2 and not (mx.util.is_np_array() and mx.util.is_np_shape()):
        raise UsageError(f'legacy arrays are in force here and the networks of MXNet '
                         f'{mx.__version__} do not take them: call mxnet.npx.set_np() first, in '
                         f'each thread, or install MXNet 1 (pip install "mxnet<2")')


def device(kind, index=0):
    """Return the device `kind`, 'cpu' or 'gpu', of that number."""
    return mx.Device(kind, index) if MXNET_2 else mx.Context(kind, index)


def devices_of(net):
    """Return the list of devices that a net with initialized parameters is on."""
    parameter = next(iter(net.collect_params().values()))
    return parameter.list_device() if MXNET_2 else parameter.list_ctx()


def device_of(x):
    """Return the device that an array is on."""
    return x.device if MXNET_2 else x.ctx


def empty(shape, dtype='float32'):
    """Return an array of the style in force, and NumPy's view of its memory to fill before its use.

    The memory is MXNet's. What NumPy lends to it instead (`mx.nd.from_numpy`) is given back in
    Python code that one of the engine's threads runs, and MXNet 2 has crashed on that.
    """
    X = (mx.np if mx.util.is_np_array() else mx.nd).empty(shape, dtype=dtype)
    address = ctypes.c_void_p()
    mx.base.check_call(mx.base._LIB.MXNDArrayGetData(X.handle, ctypes.byref(address)))
    dtype = np.dtype(dtype)
    memory = (ctypes.c_byte * (X.size * dtype.itemsize)).from_address(address.value)
    memory.owner = X   # lives as long as the view
    return X, np.frombuffer(memory, dtype).reshape(shape)


def from_numpy(data):
    """Return an array of the style in force with what is in `data`, on the CPU."""
    X, view = empty(data.shape, data.dtype)
    view[...] = data
    return X


def layer_options(layer):
    """Return the options with which a layer is made that takes the place of `layer`."""
    return {} if MXNET_2 else {'prefix': layer.prefix}


def long_names(net):
    """Return structural name -> long name of the parameters of a net; {} where they have none.

    A long name ('conv0_weight') is what files of a Module or a symbol have, but for a prefix.
    """
    if MXNET_2:
        return {}
    return {name: param.name[len(net.prefix):]
            for name, param in structured_parameters(net).items()}


def copy_block(net):
    """Return a deep copy of `net` without what cannot be copied or need not be twice.

    Compiled graphs and Trainers are the one, the arrays of parameters the other.
    """
    old = []
    net.apply(old.append)
    left_out = [getattr(block, '_cached_op', None) for block in old]
    for param in structured_parameters(net).values():
        left_out += [param._data, param._grad, param._trainer]
    memo = {id(part): None for part in left_out}
    twin = copy.deepcopy(net, memo)
    for block in old:
        children = memo[id(block)]._children
        for name, child in children.items():
            if isinstance(child, weakref.ref):   # it still leads to the old child
                children[name] = weakref.ref(memo[id(child())])
    twin.hybridize(False)  # drops graphs that still speak of the old layers
    return twin


def replace_child(block, old, new):
    """Put the layer `new` wherever `block` has `old`: among its children and attributes."""
    for name, child in list(block._children.items()):
        if child is old or isinstance(child, weakref.ref) and child() is old:
            block.register_child(new, name)
    for name, value in list(vars(block).items()):
        if value is old:
            vars(block)[name] = new
        elif name == '_layers':   # what keeps the children of a container alive
            value[:] = [new if layer is old else layer for layer in value]


def tracer(net):
    """Return a function: shape of a batch -> graph of a HybridBlock as a symbol, and known shapes.

    These are those of its parameters by their name in the graph. The net stays as it is.
    """
    if MXNET_2:
        return lambda shape: _trace_copy(net, shape)
    data = mx.sym.var('data')
    graph = net(data.as_np_ndarray() if mx.util.is_np_array() else data)
    inputs = set(graph.list_inputs())
    known = {param.name: tuple(param.shape) for param in structured_parameters(net).values()
             if param.name in inputs and min(param.shape or (0,)) > 0}
    return lambda shape: (graph, known)


def _trace_copy(net, shape):
    """The graph for one shape, as shapes of parameters become known on the way."""
    twin = copy_block(net)
    twin.initialize(mx.init.Zero(), force_reinit=True)   # draws no random numbers
    try:
        graph = twin._get_graph(mx.np.zeros(shape))[1]
    except AssertionError as error:   # the shape of a parameter is another already
        raise mx.MXNetError(str(error)) from None
    return graph, {param.var().name: param.shape for param in twin.collect_params().values()}
