"""Which nets move all their running statistics only with a gradient of the input."""
import numpy as np
import pytest

from gluon_finetune.compat.imports import MXNET_2, array, mx
from gluon_finetune.models.batch_norm import needs_input_gradient
from gluon_finetune.models.finetune import scratch_net
from gluon_finetune.models.freeze import freeze_features, use_running_statistics
from gluon_finetune.models.output import weights

nn = mx.gluon.nn
SHAPE = (1, 3, 8, 8)


def fixed_scale(channels=3, **options):
    """BatchNorm without trainable parameters."""
    return nn.BatchNorm(scale=False, center=False, in_channels=channels, **options)


def net_of(*layers):
    net = nn.HybridSequential()
    net.add(*layers, nn.GlobalAvgPool2D(), nn.Dense(2))
    net.initialize()
    return net


@pytest.mark.parametrize('hybridized', [False, True])
@pytest.mark.parametrize('name, needed', [
    ('resnet18_v2', True), ('resnet18_v1', False), ('mobilenetv2_0.25', False),
    pytest.param('se_resnet18_v2', True, marks=pytest.mark.mxnet1),
    pytest.param('shufflenet_v2', False, marks=pytest.mark.mxnet1)])
def test_networks(numpy_mode, name, needed, hybridized):
    net = scratch_net(name, 2)
    if hybridized:
        net.hybridize(static_alloc=True, static_shape=True)
        net(array(np.zeros((1, 3, 64, 64))))
    assert needs_input_gradient(net, (1, 3, 64, 64)) is needed


LAYERS = {
    'BatchNorm on the input': (lambda: [fixed_scale()], True),
    'with a layer between': (lambda: [nn.Activation('relu'), fixed_scale()], True),
    'two of them': (lambda: [fixed_scale(), nn.BatchNorm()], True),
    'above weights, whose gradient passes it': (lambda: [nn.Conv2D(3, 1), fixed_scale()], False),
    'scale and shift': (lambda: [nn.BatchNorm()], False),
    'shift': (lambda: [nn.BatchNorm(scale=False)], False),
    'running statistics': (lambda: [fixed_scale(use_global_stats=True)], False),
    'no BatchNorm': (lambda: [nn.Conv2D(3, 1)], False)}


@pytest.mark.parametrize('kind', LAYERS)
def test_layers(numpy_mode, kind):
    layers, needed = LAYERS[kind]
    assert needs_input_gradient(net_of(*layers()), SHAPE) is needed


def test_frozen_statistics_need_no_gradient(numpy_mode):
    net = scratch_net('resnet18_v2', 2)
    assert needs_input_gradient(net, (1, 3, 32, 32))
    use_running_statistics(net)
    assert not needs_input_gradient(net, (1, 3, 32, 32))


def test_frozen_weights_keep_their_statistics(numpy_mode):
    """With the gradient of the input, the statistics of frozen layers would move as well."""
    net = net_of(fixed_scale(), nn.Conv2D(3, 1), nn.BatchNorm())
    assert needs_input_gradient(net, SHAPE)
    for param in net[2].collect_params().values():
        param.grad_req = 'null'
    assert needs_input_gradient(net, SHAPE)   # the convolution below it still learns
    net[1].weight.grad_req = net[1].bias.grad_req = 'null'
    assert not needs_input_gradient(net, SHAPE)


def test_a_batch_norm_of_the_output_on_frozen_features(numpy_mode):
    net, output = nn.HybridSequential(), nn.HybridSequential()
    output.add(fixed_scale(), nn.Dense(2))
    net.add(nn.Conv2D(3, 1), nn.GlobalAvgPool2D(), output)
    net.__dict__['output'] = output   # an attribute, not one more layer
    net.initialize()
    net(array(np.zeros(SHAPE)))
    assert not needs_input_gradient(net, SHAPE)
    freeze_features(net)
    assert needs_input_gradient(net, SHAPE)


class OnArrays(mx.gluon.HybridBlock):
    """A layer that works on arrays but not on symbols."""

    if not MXNET_2:
        def hybrid_forward(self, F, x):  # noqa: N803, MXNet calls it so
            return x.reshape((x.shape[0], -1))


def test_a_net_without_a_graph_does_not_need_it(numpy_mode):
    plain = nn.Sequential()
    plain.add(fixed_scale())
    assert not needs_input_gradient(plain, SHAPE)
    assert not needs_input_gradient(net_of(fixed_scale(), OnArrays()), SHAPE)


def test_the_net_stays_unchanged(numpy_mode):
    net = scratch_net('resnet18_v2', 2)
    net(array(np.zeros((1, 3, 32, 32))))
    before = weights(net)
    mx.random.seed(0)
    expected = mx.nd.random.uniform().asscalar()
    mx.random.seed(0)
    assert needs_input_gradient(net, (1, 3, 32, 32))
    assert mx.nd.random.uniform().asscalar() == expected
    assert all((value == before[name]).all() for name, value in weights(net).items())
