import gc
import threading

import numpy as np
import pytest

from gluon_finetune import UsageError, scratch_net
from gluon_finetune.compat import gluon as compat_gluon
from gluon_finetune.compat.imports import MXNET_2, array, move, mx, structured_parameters, value_of

nn = mx.gluon.nn


@pytest.fixture
def net(numpy_mode):
    net = nn.HybridSequential()
    net.add(nn.Dense(4, in_units=3), nn.Dense(2, in_units=4))
    net.initialize()
    return net


X = np.ones((1, 3), 'float32')


def test_devices(net):
    assert compat_gluon.device('cpu', 1) == mx.cpu(1)
    move(net, [mx.cpu(0), mx.cpu(1)])
    assert compat_gluon.devices_of(net) == [mx.cpu(0), mx.cpu(1)]
    assert compat_gluon.device_of(array(X, ctx=mx.cpu(1))) == mx.cpu(1)


def test_a_copy_is_whole_when_the_original_is_gone(net):
    net.hybridize()
    net(array(X))
    values = {name: value_of(param) for name, param in structured_parameters(net).items()}
    twin = compat_gluon.copy_block(net)
    assert all(param._data is None for param in structured_parameters(twin).values())
    net[0].weight.set_data(array(np.zeros((4, 3)), dtype='float32'))
    del net
    gc.collect()
    twin.initialize(mx.init.Zero(), force_reinit=True)
    for name, param in structured_parameters(twin).items():
        param.set_data(array(values[name]))
    expected = values['1.weight'] @ (values['0.weight'] @ X[0]) + values['1.bias']
    assert abs(twin(array(X)).asnumpy()[0] - expected).max() < 1e-6


def test_a_layer_is_replaced_for_good(net):
    new = nn.Dense(5, in_units=4, **compat_gluon.layer_options(net[1]))
    new.initialize(mx.init.One())
    compat_gluon.replace_child(net, net[1], new)
    del new
    gc.collect()
    assert net(array(X)).shape == (1, 5) and net[1].weight.shape == (5, 4)
    assert list(structured_parameters(net))[-2:] == ['1.weight', '1.bias']


def test_a_trace_leaves_the_net_as_it_is(numpy_mode):
    net = scratch_net('alexnet', 2)
    mx.random.seed(7)
    expected = mx.nd.random.uniform(shape=(3,)).asnumpy()
    mx.random.seed(7)
    graph, known = compat_gluon.tracer(net)((1, 3, 64, 64))
    assert graph.infer_shape_partial(data=(1, 3, 64, 64), **known)[1] == [(1, 2)]
    assert net.features[0].weight.shape == (64, -1 if numpy_mode else 0, 11, 11)
    assert (mx.nd.random.uniform(shape=(3,)).asnumpy() == expected).all()


def test_numpy_fills_memory_of_the_engine(numpy_mode):
    made, view = compat_gluon.empty((2, 3))
    view[...] = [[1, 2, 3], [4, 5, 6]]
    assert type(made) is (mx.np.ndarray if numpy_mode else mx.nd.NDArray)
    assert made.dtype == view.dtype == np.float32
    assert (made + 1).asnumpy().tolist() == [[2, 3, 4], [5, 6, 7]]
    del made
    gc.collect()
    mx.nd.waitall()
    assert view.sum() == 21   # the memory lives as long as the view


def test_pixels_become_an_array_of_the_style_in_force(numpy_mode):
    pixels = np.arange(12, dtype='uint8').reshape(2, 2, 3)
    made = compat_gluon.from_numpy(pixels)
    assert type(made) is (mx.np.ndarray if numpy_mode else mx.nd.NDArray)
    assert made.dtype == np.uint8 and (made.asnumpy() == pixels).all()


@pytest.mark.skipif(not MXNET_2, reason='MXNet 1 has nets for legacy arrays')
def test_legacy_arrays_and_mxnet_2():
    expected = (f'legacy arrays are in force here and the networks of MXNet {mx.__version__} do '
                f'not take them: call mxnet.npx.set_np() first, in each thread, or install MXNet 1 '
                f'(pip install "mxnet<2")')
    caught = []

    def build():   # in a thread, as MXNet begins each with legacy arrays
        with pytest.raises(UsageError) as error:
            scratch_net('resnet18_v2', 2)
        caught.append(str(error.value))
    thread = threading.Thread(target=build)
    thread.start()
    thread.join()
    assert caught == [expected]
