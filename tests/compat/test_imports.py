import numpy as np
import pytest

from gluon_finetune import UsageError
from gluon_finetune.compat import imports as compat
from gluon_finetune.compat.gluon import device_of, devices_of
from gluon_finetune.compat.imports import mx


@pytest.mark.parity
def test_mxnet_and_torch_compute_in_one_process():
    torch = pytest.importorskip('torch', reason='PyTorch is not installed (EXTRAS=parity)')
    compat.gluoncv()
    x, weight = np.random.rand(2, 3, 32, 32), np.random.rand(4, 3, 3, 3)
    in_mxnet = mx.nd.Convolution(mx.nd.array(x), mx.nd.array(weight), kernel=(3, 3), num_filter=4,
                                 no_bias=True).asnumpy()
    in_torch = torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(weight)).numpy()
    np.testing.assert_allclose(in_mxnet, in_torch, rtol=1e-5)


# MXNet 1.9.1 and 2.0

def test_parameters_by_place_attribute_and_device(numpy_mode):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(2, in_units=3), mx.gluon.nn.BatchNorm(in_channels=2))
    net.initialize()
    parameters = compat.structured_parameters(net)
    assert sorted(parameters) == ['0.bias', '0.weight', '1.beta', '1.gamma', '1.running_mean',
                                  '1.running_var']
    compat.set_attribute(net.collect_params(), 'lr_mult', 10)
    assert {parameter.lr_mult for parameter in parameters.values()} == {10}

    weight = parameters['0.weight'].data().asnumpy()
    compat.move(net, [mx.cpu(0), mx.cpu(1)])
    assert devices_of(net) == [mx.cpu(0), mx.cpu(1)]
    compat.move(net, mx.cpu(1))
    assert devices_of(net) == [mx.cpu(1)]
    assert (parameters['0.weight'].data(mx.cpu(1)).asnumpy() == weight).all()


def test_array_is_of_the_active_api(numpy_mode):
    kind = mx.np.ndarray if numpy_mode else mx.nd.NDArray
    made = compat.array(np.arange(3.0), ctx=mx.cpu(1))
    assert type(made) is kind and device_of(made) == mx.cpu(1) and made.dtype == np.float32
    assert compat.array([[1, 2]]).dtype == np.int64
    assert compat.array([1.5], dtype='float64').dtype == np.float64
    assert type(compat.array(mx.nd.ones(2))) is kind
    assert compat.uses_mx_np() == numpy_mode


@pytest.mark.skipif(not compat.MXNET_2, reason='MXNet 1 works with GluonCV')
def test_gluoncv_and_mxnet_2():
    with pytest.raises(UsageError) as error:
        compat.gluoncv()
    assert str(error.value) == (
        f'GluonCV does not support MXNet {mx.__version__}: install MXNet 1 (pip install '
        f'"mxnet<2"), or use a network of mxnet.gluon.model_zoo, with its class names in a '
        f'.labels.json file beside the weights')
