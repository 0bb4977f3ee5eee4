import gc

import numpy as np

from gluon_finetune.compat.imports import array, mx, structured_parameters, value_of
from gluon_finetune.compat.layers import (
    copy_block,
    has_running_statistics,
    replace_child,
    resized_layer,
    set_running_statistics,
    uses_running_statistics,
)

nn = mx.gluon.nn


X = np.ones((1, 3), 'float32')


def test_a_copy_works_when_the_original_is_gone(net):
    net.hybridize()
    net(array(X))
    values = {name: value_of(param) for name, param in structured_parameters(net).items()}
    duplicate = copy_block(net)
    assert all(param._data is None for param in structured_parameters(duplicate).values())
    net[0].weight.set_data(array(np.zeros((4, 3)), dtype='float32'))
    del net
    gc.collect()
    duplicate.initialize(mx.init.Zero(), force_reinit=True)
    for name, param in structured_parameters(duplicate).items():
        param.set_data(array(values[name]))
    expected = values['1.weight'] @ (values['0.weight'] @ X[0]) + values['1.bias']
    assert abs(duplicate(array(X)).asnumpy()[0] - expected).max() < 1e-6


def test_a_replaced_layer_stays(net):
    new = resized_layer(net[1], 5)
    new.initialize(mx.init.One())
    replace_child(net, net[1], new)
    del new
    gc.collect()
    assert net(array(X)).shape == (1, 5) and net[1].weight.shape == (5, 4)
    assert list(structured_parameters(net))[-2:] == ['1.weight', '1.bias']


def test_a_resized_layer_keeps_its_options(numpy_mode):
    conv = resized_layer(nn.Conv2D(4, 3, strides=2, padding=1, in_channels=3, use_bias=False), 5)
    conv.initialize()
    assert conv(array(np.zeros((1, 3, 8, 8)))).shape == (1, 5, 4, 4) and conv.bias is None
    dense = resized_layer(nn.Dense(4, flatten=False, in_units=3), 5)
    dense.initialize()
    assert dense(array(np.zeros((1, 2, 3)))).shape == (1, 2, 5)


def test_running_statistics_stay_unchanged_in_training(numpy_mode):
    layer = nn.BatchNorm(in_channels=3)
    layer.initialize()
    assert has_running_statistics(layer) and not has_running_statistics(nn.Dense(1))
    assert not uses_running_statistics(layer)
    set_running_statistics(layer)
    assert uses_running_statistics(layer)
    with mx.autograd.record():
        layer(array(np.ones((2, 3, 4, 4))))
    assert value_of(layer.running_mean).tolist() == [0, 0, 0]
