import gc
import threading

import numpy as np
import pytest

from gluon_finetune import UsageError, scratch_net
from gluon_finetune.compat import gluon as compat_gluon
from gluon_finetune.compat.imports import MXNET_2, array, move, mx

nn = mx.gluon.nn


X = np.ones((1, 3), 'float32')


def test_devices(net):
    assert compat_gluon.device_kinds(net) == {'cpu'}
    assert compat_gluon.device('cpu', 1) == mx.cpu(1)
    move(net, [mx.cpu(0), mx.cpu(1)])
    assert compat_gluon.devices_of(net) == [mx.cpu(0), mx.cpu(1)]
    assert compat_gluon.device_of(array(X, ctx=mx.cpu(1))) == mx.cpu(1)


def test_numpy_fills_the_memory_of_an_array(numpy_mode):
    made, view = compat_gluon.empty((2, 3))
    view[...] = [[1, 2, 3], [4, 5, 6]]
    assert type(made) is (mx.np.ndarray if numpy_mode else mx.nd.NDArray)
    assert made.dtype == view.dtype == np.float32
    assert (made + 1).asnumpy().tolist() == [[2, 3, 4], [5, 6, 7]]
    del made
    gc.collect()
    mx.nd.waitall()
    assert view.sum() == 21   # the memory lives as long as the view


def test_pixels_become_an_array_of_the_active_api(numpy_mode):
    pixels = np.arange(12, dtype='uint8').reshape(2, 2, 3)
    made = compat_gluon.from_numpy(pixels)
    assert type(made) is (mx.np.ndarray if numpy_mode else mx.nd.NDArray)
    assert made.dtype == np.uint8 and (made.asnumpy() == pixels).all()


@pytest.mark.skipif(not MXNET_2, reason='MXNet 1 has nets for legacy arrays')
def test_mxnet_2_rejects_legacy_arrays():
    expected = (f'legacy arrays are active, but the networks of MXNet {mx.__version__} accept only '
                f'NumPy-style arrays: call mxnet.npx.set_np() first, in each thread, or install '
                f'MXNet 1 (pip install "mxnet<2")')
    caught = []

    def build():   # in a thread, which MXNet starts with legacy arrays
        with pytest.raises(UsageError) as error:
            scratch_net('resnet18_v2', 2)
        caught.append(str(error.value))
    thread = threading.Thread(target=build)
    thread.start()
    thread.join()
    assert caught == [expected]


@pytest.mark.mxnet1
def test_long_names_lack_the_prefix_of_the_net():
    net = nn.HybridSequential(prefix='own_')
    with net.name_scope():
        net.add(nn.Dense(4, in_units=3))
    assert compat_gluon.long_names(net) == {'0.weight': 'dense0_weight', '0.bias': 'dense0_bias'}


def test_a_parameter_is_initialized_when_it_has_values(numpy_mode):
    layer = nn.Dense(2)
    layer.initialize()
    assert not compat_gluon.is_initialized(layer.weight)   # deferred: its inputs are unknown
    layer(array(X))
    assert compat_gluon.is_initialized(layer.weight)


def test_own_parameters_exclude_those_of_children(net):
    assert compat_gluon.own_parameters(net) == []
    assert compat_gluon.own_parameters(net[0]) == [net[0].weight, net[0].bias]
