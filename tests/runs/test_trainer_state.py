"""A restored trainer makes the same steps, bit for bit, as one that was never interrupted."""
import numpy as np
import pytest

from gluon_finetune.compat.imports import array, move, mx
from gluon_finetune.compat.trainer import (
    initialize_trainer,
    learning_rate_of,
    num_update,
    set_learning_rate,
)
from gluon_finetune.errors import UsageError
from gluon_finetune.models.output import set_weights
from gluon_finetune.runs.trainer_state import restore_trainer, trainer_arrays, weights_of
from gluon_finetune.training.loop import seed_everything, train_steps

ONE, TWO = [mx.cpu(0)], [mx.cpu(0), mx.cpu(1)]
LOSS = mx.gluon.loss.SoftmaxCrossEntropyLoss()
OPTIMIZERS = {'sgd': {}, 'momentum': {'momentum': 0.9}, 'adam': {}}


def cosine():
    return mx.lr_scheduler.CosineScheduler(8, base_lr=0.1, final_lr=0.001, warmup_steps=2)


def make(devices, optimizer, **options):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Conv2D(4, 3, in_channels=3), mx.gluon.nn.BatchNorm(in_channels=4),
            mx.gluon.nn.GlobalAvgPool2D(), mx.gluon.nn.Dense(2, in_units=4))
    seed_everything(0)
    net.initialize(mx.init.Xavier())
    net(array(np.zeros((1, 3, 6, 6)), dtype='float32'))
    move(net, devices)
    name = 'sgd' if optimizer == 'momentum' else optimizer
    return net, mx.gluon.Trainer(net.collect_params(), name,
                                 {'learning_rate': 0.1, **OPTIMIZERS[optimizer], **options})


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
def test_a_restored_trainer_continues_bit_for_bit(numpy_mode, devices, optimizer):
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
    assert num_update(fresh) == num_update(trainer) == 8


def test_a_device_keeps_its_own_statistics():
    net, trainer = make(TWO, 'sgd')
    train(net, trainer, TWO, 1)
    arrays = trainer_arrays(net, trainer, weights_of(net))
    assert sorted(name for name in arrays if name.startswith('device.')) == [
        f'device.{i}.1.{name}' for i in (0, 1) for name in ('running_mean', 'running_var')]


@pytest.mark.parametrize('arrays, message', [
    ({'device.0.3.bias': np.zeros(3)}, '3.bias was saved with the shape (3,), expected (2,)'),
    ({'num_update': np.zeros((2, 2))},
     "'num_update' in the saved state of the optimizer has the shape (2, 2), which is wrong"),
    ({'counts.x': np.zeros((2, 2), 'int64')},
     "'counts.x' in the saved state of the optimizer has the shape (2, 2), which is wrong"),
    ({'state.0.0.array': np.zeros(2)},
     "unknown array 'state.0.0.array' in the saved state of the optimizer: it belongs to another "
     'optimizer or network')])
def test_the_state_of_another_trainer_is_refused(arrays, message):
    with pytest.raises(UsageError) as error:
        restore_trainer(*make(ONE, 'sgd'), arrays)
    assert str(error.value) == message


@pytest.mark.parametrize('rate', [0.1, 0.05], ids=['same', 'halved'])
def test_a_schedule_is_resumed_bit_for_bit(rate):
    net, trainer = make(ONE, 'momentum', lr_scheduler=cosine())
    set_learning_rate(trainer, rate)
    train(net, trainer, ONE, 2)
    weights = weights_of(net)
    arrays = trainer_arrays(net, trainer, weights)
    train(net, trainer, ONE, 2)

    other, fresh = make(ONE, 'momentum', lr_scheduler=cosine())
    set_weights(other, weights)
    restore_trainer(other, fresh, arrays)
    set_learning_rate(fresh, rate)
    assert num_update(fresh) == 4
    assert learning_rate_of(fresh) == pytest.approx(rate / 0.1 * cosine()(4))
    train(other, fresh, ONE, 2)
    assert learning_rate_of(fresh) == learning_rate_of(trainer)
    for one, two in zip(everything(net), everything(other)):
        assert (one == two).all()


def test_states_on_parameter_servers_are_refused():
    net, trainer = make(TWO, 'sgd')
    initialize_trainer(trainer)
    trainer._kvstore._updater = None   # as on a worker whose servers make the updates
    with pytest.raises(UsageError) as error:
        trainer_arrays(net, trainer, weights_of(net))
    assert str(error.value) == (
        'the state of the optimizer is on the parameter servers, where it cannot be saved: make '
        'the Trainer with update_on_kvstore=False')
