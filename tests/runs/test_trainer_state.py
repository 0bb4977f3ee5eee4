"""A trainer that was put away and restored makes the steps of the one that went on."""
import numpy as np
import pytest

from gluon_finetune.compat.imports import array, move, mx
from gluon_finetune.errors import UsageError
from gluon_finetune.models.output import set_weights
from gluon_finetune.runs.trainer_state import restore_trainer, trainer_arrays, weights_of
from gluon_finetune.training.loop import seed_everything, train_steps

ONE, TWO = [mx.cpu(0)], [mx.cpu(0), mx.cpu(1)]
LOSS = mx.gluon.loss.SoftmaxCrossEntropyLoss()
OPTIMIZERS = {'sgd': {}, 'momentum': {'momentum': 0.9}, 'adam': {}}


def make(devices, optimizer):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Conv2D(4, 3, in_channels=3), mx.gluon.nn.BatchNorm(in_channels=4),
            mx.gluon.nn.GlobalAvgPool2D(), mx.gluon.nn.Dense(2, in_units=4))
    seed_everything(0)
    net.initialize(mx.init.Xavier())
    net(array(np.zeros((1, 3, 6, 6)), dtype='float32'))
    move(net, devices)
    name = 'sgd' if optimizer == 'momentum' else optimizer
    return net, mx.gluon.Trainer(net.collect_params(), name,
                                 {'learning_rate': 0.1, **OPTIMIZERS[optimizer]})


def train(net, trainer, devices, epochs):
    generator = np.random.RandomState(0)
    data = [(array(generator.randn(4, 3, 6, 6).astype('float32')),
             array(generator.randint(0, 2, 4), dtype='int32')) for _ in range(2)]
    for _ in train_steps(net, data, data, LOSS, trainer, epochs, devices, progress=False):
        pass


def everything(net):
    mx.nd.waitall()
    return [data.asnumpy() for p in net.collect_params().values() for data in p.list_data()]


@pytest.mark.parametrize('devices', [ONE, TWO], ids=['one', 'two'])
@pytest.mark.parametrize('optimizer', OPTIMIZERS)
def test_a_restored_trainer_goes_on_bit_for_bit(numpy_mode, devices, optimizer):
    net, trainer = make(devices, optimizer)
    train(net, trainer, devices, 2)
    weights = weights_of(net)
    arrays = trainer_arrays(net, trainer, weights)
    train(net, trainer, devices, 2)

    other, fresh = make(devices, optimizer)
    set_weights(other, weights)
    restore_trainer(other, fresh, arrays)
    train(other, fresh, devices, 2)
    for one, two in zip(everything(net), everything(other)):
        assert (one == two).all()
    assert fresh._optimizer.num_update == trainer._optimizer.num_update == 8


def test_a_device_keeps_its_own_statistics():
    net, trainer = make(TWO, 'sgd')
    train(net, trainer, TWO, 1)
    arrays = trainer_arrays(net, trainer, weights_of(net))
    assert sorted(name for name in arrays if name.startswith('device.')) == [
        f'device.{i}.1.{name}' for i in (0, 1) for name in ('running_mean', 'running_var')]


@pytest.mark.parametrize('arrays, message', [
    ({'device.0.3.bias': np.zeros(3)}, '3.bias is saved with the shape (3,), expected (2,)'),
    ({'num_update': np.zeros((2, 2))},
     "the state of the optimiser has 'num_update' of shape (2, 2)"),
    ({'counts.x': np.zeros((2, 2), 'int64')},
     "the state of the optimiser has 'counts.x' of shape (2, 2)"),
    ({'state.0.0.array': np.zeros(2)},
     "the state of the optimiser has 'state.0.0.array', which this one does not")])
def test_what_belongs_to_another_trainer_is_refused(arrays, message):
    with pytest.raises(UsageError) as error:
        restore_trainer(*make(ONE, 'sgd'), arrays)
    assert str(error.value) == message
