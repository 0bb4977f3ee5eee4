"""Class activation maps, by numbers done by hand and on networks of the zoo."""
import numpy as np
import pytest

from gluon_finetune.compat.imports import array, mx
from gluon_finetune.errors import UsageError
from gluon_finetune.models.activation_map import activation_maps
from gluon_finetune.models.finetune import scratch_net


@pytest.fixture
def images():
    return np.random.RandomState(0).uniform(-1, 1, (3, 3, 64, 64)).astype('float32')


def built(name, classes, X):
    """A network with weights."""
    net = scratch_net(name, classes, seed=0)
    net(array(X))
    return net


def test_numbers_by_hand():
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Conv2D(2, 1, use_bias=False, in_channels=3), mx.gluon.nn.GlobalAvgPool2D(),
            mx.gluon.nn.Dropout(0.5), mx.gluon.nn.Dense(2, in_units=2))
    net.initialize()
    net[0].weight.set_data(array([[[[1]], [[0]], [[0]]], [[[0]], [[1]], [[0]]]], dtype='float32'))
    net[3].weight.set_data(array([[1, 1], [2, -1]], dtype='float32'))
    X = np.zeros((2, 3, 2, 2), 'float32')
    X[:, 0], X[:, 1] = [[1, 2], [3, 4]], [[0, 8], [0, 0]]
    maps = activation_maps(net, X, [0, 1])
    assert maps[0] == pytest.approx(np.array([[1, 10], [3, 4]]) / 10)
    assert maps[1] == pytest.approx(np.array([[2, 0], [6, 8]]) / 8)   # 2 * 2 - 8 is below 0
    assert not net[1]._forward_hooks


def test_an_output_layer_before_the_mean():
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Conv2D(2, 1, in_channels=3), mx.gluon.nn.Activation('relu'),
            mx.gluon.nn.GlobalAvgPool2D(), mx.gluon.nn.Flatten())
    net.initialize()
    net[0].weight.set_data(array([[[[1]], [[0]], [[0]]], [[[-1]], [[1]], [[0]]]], dtype='float32'))
    X = np.zeros((2, 3, 2, 2), 'float32')
    X[:, 0], X[:, 1] = [[1, 2], [3, 4]], [[0, 4], [5, 0]]
    assert activation_maps(net, X, [0, 1]).tolist() == [[[0.25, 0.5], [0.75, 1]], [[0, 1], [1, 0]]]


@pytest.mark.parametrize('name', ['resnet18_v1', 'resnet18_v2', 'mobilenet0.25',
                                  'mobilenetv2_0.25'])
def test_networks_of_the_zoo(numpy_mode, images, name):
    maps = activation_maps(built(name, 4, images), images, [0, 1, 3])
    assert maps.shape == (3, 2, 2) and maps.min() >= 0
    assert set(maps.max(axis=(1, 2))) <= {0, 1}


def test_a_map_belongs_to_its_class(images):
    net = built('mobilenet0.25', 2, images)
    one, other = (activation_maps(net, images[:1], [label]) for label in (0, 1))
    assert abs(one - other).max() > 0.1


def test_the_network_stays_as_it_is(images):
    net = scratch_net('mobilenetv2_0.25', 2, seed=0)
    net.hybridize()
    before = net(array(images)).asnumpy()
    activation_maps(net, images, [0, 0, 0])
    assert net._active and (net(array(images)).asnumpy() == before).all()


@pytest.mark.parametrize('name, size', [('vgg11', 64), ('mobilenet0.25', 32)])
def test_networks_without_a_map(name, size):
    X = np.random.RandomState(0).uniform(-1, 1, (1, 3, size, size)).astype('float32')
    with pytest.raises(UsageError) as error:
        activation_maps(built(name, 2, X), X, [0])
    assert str(error.value) == (
        f'its output layer does not read the mean of features that have more than one position at '
        f'{size}x{size} pixels')
