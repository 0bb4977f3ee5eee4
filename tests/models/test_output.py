import numpy as np
import pytest

from gluon_finetune import UsageError, finetune_net, scratch_net
from gluon_finetune.compat.gluon import devices_of
from gluon_finetune.compat.imports import array, mx, structured_parameters
from gluon_finetune.models.output import blocks, copy_net, output_layer, output_name, weights
from gluon_finetune.models.zoo import GLUON, build_net

nn = mx.gluon.nn

# One network for each way of having an output layer, with its smallest image size.
KINDS = [('resnet18_v2', 'output.', 32), ('alexnet', 'output.', 64), ('resnet18_v1b', 'fc.', 32),
         ('resnet18_v1b_0.89', 'fc.', 32), ('mobilenetv2_0.25', 'output.0.', 32),
         ('mobilenetv3_small', 'output.0.', 32), ('squeezenet1.1', 'output.0.', 224),
         ('googlenet', 'head.2.', 224), ('hrnet_w18_small_v1_c', 'classifier.', 32),
         ('dla34', 'fc.', 32)]
KINDS = [pytest.param(*kind, marks=[] if kind[0] in GLUON else pytest.mark.mxnet1)
         for kind in KINDS]


@pytest.mark.parametrize('name, prefix, size', KINDS)
def test_only_the_output_layer_depends_on_the_classes(name, prefix, size, tmp_path, numpy_mode):
    X = array(np.random.randn(2, 3, size, size))
    source = scratch_net(name, 5)
    source(X)
    net = finetune_net(source, 3)
    assert net(X).shape == (2, 3) and source(X).shape == (2, 5)
    assert output_name(net) == prefix
    old, new = weights(source), weights(net)
    assert list(new) == list(old) == list(structured_parameters(build_net(name)))
    other_shape = {key for key in new if new[key].shape != old[key].shape}
    layer = output_layer(net)
    assert other_shape == {key for key, param in structured_parameters(net).items()
                           if param in (layer.weight, layer.bias)}
    assert all((new[key] == old[key]).all() for key in set(new) - other_shape)

    assert layer in blocks(net.output)
    assert len(net.collect_params().keys()) == len(set(structured_parameters(net).values()))
    net.save_parameters(str(tmp_path / 'net.params'))
    again = scratch_net(name, 3)
    again.load_parameters(str(tmp_path / 'net.params'))
    assert (again(X).asnumpy() == net(X).asnumpy()).all()


@pytest.mark.slow
@pytest.mark.parametrize('name', [
    'inceptionv3', *(pytest.param(name, marks=pytest.mark.mxnet1)
                     for name in ('residualattentionnet56', 'senet_154', 'xception'))])
def test_the_output_layer_of_larger_networks(name):
    net = scratch_net(name, 3)
    assert output_layer(net).weight.shape[0] == 3


def test_a_custom_net_without_an_output():
    net = nn.HybridSequential()
    net.add(nn.Dense(4), nn.Dense(5, activation='relu'), nn.Flatten())
    assert output_layer(net) is net[1]
    with pytest.raises(UsageError, match='Flatten has no output layer to replace: a net needs a '
                                         'Dense or Conv2D layer, preferably as net.output'):
        output_layer(nn.Flatten())


def test_net_output_is_preferred_to_later_layers():
    class Net(mx.gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.output, self.features = nn.Dense(3), nn.Dense(4)
    net = Net()
    assert output_layer(net) is net.output


def test_a_copy_shares_nothing(numpy_mode):
    X = array(np.random.randn(2, 3, 32, 32))
    net = scratch_net('mobilenetv2_0.25', 3)
    net.hybridize(static_alloc=True, static_shape=True)
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 1})
    with mx.autograd.record():
        net(X).sum().backward()
    trainer.step(1)
    before, answer = weights(net), net(X).asnumpy()
    duplicate = copy_net(net)
    assert abs(duplicate(X).asnumpy() - answer).max() < 1e-4 * abs(answer).max()
    duplicate.hybridize()
    with mx.autograd.record():
        duplicate(X).sum().backward()
    mx.gluon.Trainer(duplicate.collect_params(), 'sgd', {'learning_rate': 1}).step(1)
    assert any((weights(duplicate)[name] != value).any() for name, value in before.items())
    assert all((weights(net)[name] == value).all() for name, value in before.items())


def test_several_devices_are_copied_as_their_mean():
    net = nn.Dense(1, in_units=1, use_bias=False)
    net.initialize(mx.init.Zero(), [mx.cpu(0), mx.cpu(1)])
    for value, data in zip((1, 3), net.weight.list_data()):
        data[:] = value
    assert weights(copy_net(net)) == {'weight': [[2]]}
    assert devices_of(net) == [mx.cpu(0), mx.cpu(1)]


def test_a_net_without_weights_cannot_be_copied():
    for net in (build_net('resnet18_v2'), scratch_net('resnet18_v2', 2)):
        with pytest.raises(UsageError, match='the net has no weights yet: load them, or initialize '
                                             'the net and run a first batch'):
            copy_net(net)
