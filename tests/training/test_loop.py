import math

import numpy as np
import pytest

from gluon_finetune.compat.gluon import devices_of
from gluon_finetune.compat.imports import array, mx
from gluon_finetune.errors import Diverged, UsageError
from gluon_finetune.training.evaluate import evaluate_accuracy
from gluon_finetune.training.loop import seed_everything, train_ch13, train_steps
from gluon_finetune.training.metrics import START

ONE, TWO = [mx.cpu(0)], [mx.cpu(0), mx.cpu(1)]
LOSS = mx.gluon.loss.SoftmaxCrossEntropyLoss()


def linear(devices, weight=0.0):
    """Two inputs, two classes, no bias: small enough to follow by hand."""
    net = mx.gluon.nn.Dense(2, use_bias=False, in_units=2)
    net.initialize(mx.init.Constant(weight), ctx=devices)
    return net


def convolutional(devices, norm=False):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Conv2D(4, 3, in_channels=3), mx.gluon.nn.Activation('relu'))
    if norm:
        net.add(mx.gluon.nn.BatchNorm(in_channels=4))
    net.add(mx.gluon.nn.GlobalAvgPool2D(), mx.gluon.nn.Dense(2, in_units=4))
    seed_everything(0)
    net.initialize(mx.init.Xavier(), ctx=devices)
    net(array(np.zeros((1, 3, 6, 6)), ctx=devices[0]))   # MXNet 2 has no weights before
    return net


def trainer_for(net, learning_rate=0.1, wd=0.0):
    return mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': learning_rate, 'wd': wd})


def batches(X, y, batch_size, dtype='int32'):
    X, y = np.asarray(X, 'float32'), np.asarray(y, dtype)
    return [(array(X[i:i + batch_size]), array(y[i:i + batch_size], dtype=dtype))
            for i in range(0, len(X), batch_size)]


def fit(net, data, devices, epochs=1, learning_rate=0.1, **options):
    trainer = trainer_for(net, learning_rate)
    return [meter.record for meter in train_steps(net, data, data, LOSS, trainer, epochs, devices,
                                                  progress=False, **options) if meter.record]


def weights(net):
    return [p.data(devices_of(net)[0]).asnumpy() for p in net.collect_params().values()]


@pytest.mark.parametrize('devices', [ONE, TWO])
def test_one_step_is_the_step_done_by_hand(numpy_mode, devices):
    net = linear(devices)
    record, = fit(net, batches([[1, 0], [0, 2]], [0, 1], 2), devices)
    # softmax gives 1/2 everywhere: gradient (p - onehot) x^T, mean over two examples, step 0.1
    assert np.allclose(weights(net)[0], [[0.025, -0.05], [-0.025, 0.05]])
    assert record.epoch == 1 and record.learning_rate == 0.1
    assert record.loss == pytest.approx(math.log(2), rel=1e-5)  # its CPU logarithm is 2e-6 off
    assert record.train_acc == 0.5  # ties go to the first class
    assert record.test_acc == 1.0
    assert record.examples_per_sec > 0 and record.seconds > 0


@pytest.mark.parametrize('size', [8, 7, 1])
def test_two_devices_make_the_step_of_one(numpy_mode, size):
    generator = np.random.RandomState(0)
    data = batches(generator.randn(size, 3, 6, 6), generator.randint(0, 2, size), size)
    alone, together = convolutional(ONE), convolutional(TWO)
    fit(alone, data, ONE)
    fit(together, data, TWO)
    for one, two in zip(weights(alone), weights(together)):
        assert abs(one - two).max() < 1e-5


def test_devices_stay_equal_after_a_batch_smaller_than_their_number():
    generator = np.random.RandomState(0)
    data = batches(generator.randn(5, 3, 6, 6), generator.randint(0, 2, 5), 4)  # 4, then 1
    alone, together = convolutional(ONE), convolutional(TWO)
    fit(alone, data, ONE, epochs=2)
    fit(together, data, TWO, epochs=2)
    for p, one in zip(together.collect_params().values(), weights(alone)):
        for device in TWO:
            assert abs(p.data(device).asnumpy() - one).max() < 1e-5


def test_batch_norm_sees_only_its_own_device():
    generator = np.random.RandomState(0)
    data = batches(generator.randn(8, 3, 6, 6), generator.randint(0, 2, 8), 8)
    alone, together = convolutional(ONE, norm=True), convolutional(TWO, norm=True)
    fit(alone, data, ONE)
    fit(together, data, TWO)
    difference = max(abs(one - two).max() for one, two in zip(weights(alone), weights(together)))
    assert 1e-4 < difference < 0.2


@pytest.mark.parametrize('examples, batch_size', [(1, 4), (3, 4), (9, 4), (4, 1)])
def test_every_example_counts_once(examples, batch_size):
    generator = np.random.RandomState(0)
    X, y = generator.randn(examples, 2), generator.randint(0, 2, examples)
    net = linear(ONE, 0.5)
    record, = fit(net, batches(X, y, batch_size), ONE, learning_rate=1e-12)
    assert record.loss == pytest.approx(math.log(2), rel=1e-5)
    assert record.train_acc == pytest.approx(np.mean(y == 0))


def test_train_ch13_returns_the_history():
    net = linear(ONE)
    data = batches([[1, 0], [0, 2]], [0, 1], 2)
    history = train_ch13(net, data, data, LOSS, trainer_for(net), 3, ONE, progress=False)
    assert [record.epoch for record in history] == [1, 2, 3]
    assert history[2].loss < history[0].loss


def test_a_loss_of_nan_stops_the_run():
    net = linear(ONE)
    good = batches([[1, 0], [0, 2]], [0, 1], 1)
    bad = batches([[np.nan, 0]], [0], 1)
    with pytest.raises(Diverged) as error:
        fit(net, good + bad + good, ONE, epochs=2)
    assert str(error.value) == ('the loss is nan in epoch 1, batch 3, at learning rate 0.1: '
                                'try a smaller one, such as 0.01')


def test_an_empty_data_set_is_refused():
    with pytest.raises(UsageError) as error:
        fit(linear(ONE), [], ONE)
    assert str(error.value) == 'no examples to train on: the data set is empty'


def test_a_seed_gives_the_same_run_and_another_seed_another():
    def run(seed):
        net = convolutional(ONE)
        net.hybridize()
        fit(net, Shuffled(), ONE, epochs=2, seed=seed)
        return weights(net)[0]

    assert (run(1) == run(1)).all()
    assert (run(1) != run(2)).any()


class Shuffled:
    """Batches in an order that NumPy's state decides, as a DataLoader's."""

    def __len__(self):
        return 4

    def __iter__(self):
        generator = np.random.RandomState(0)
        data = batches(generator.randn(8, 3, 6, 6), generator.randint(0, 2, 8), 2)
        return iter([data[i] for i in np.random.permutation(4)])


class Numbered(list):
    """Batches of an epoch that can be started in its middle."""

    def batches(self, start):
        return iter(self[start:])


@pytest.mark.parametrize('epoch, batch', [(1, 1), (1, 3), (2, 0), (2, 2)])
def test_a_run_can_be_resumed_after_any_batch(epoch, batch):
    def fit_from(net, start, stop=None):
        for meter in train_steps(net, data, data, LOSS, trainer_for(net), 2, start=start, seed=5,
                                 progress=False):
            if stop == meter.position()[:2]:
                break
        return meter
    generator = np.random.RandomState(0)
    data = Numbered(batches(generator.randn(8, 3, 6, 6), generator.randint(0, 2, 8), 2))
    unbroken, resumed = dropping(), dropping()
    expected = fit_from(unbroken, START).record
    position = fit_from(resumed, START, (epoch, batch)).position()
    record = fit_from(resumed, position).record
    assert (record.loss, record.train_acc, record.test_acc) == (
        expected.loss, expected.train_acc, expected.test_acc)
    for one, other in zip(weights(unbroken), weights(resumed)):
        assert (one == other).all()


def dropping():
    """Return a hybridized net with Dropout."""
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(8, in_units=108), mx.gluon.nn.Dropout(0.5),
            mx.gluon.nn.Dense(2, in_units=8))
    seed_everything(0)
    net.initialize(mx.init.Xavier())
    net.hybridize(static_alloc=True, static_shape=True)
    return net


def test_the_meter_knows_the_position():
    net = linear(ONE)
    data = batches([[1, 0], [0, 2], [1, 1]], [0, 1, 0], 2)
    steps = train_steps(net, data, data, LOSS, trainer_for(net), 1, ONE, progress=False)
    position = next(steps).position()
    assert position[:3] == (1, 1, 2)
    assert position.loss == pytest.approx(2 * math.log(2), rel=1e-5)
    assert position.correct == 1 and position.seconds > 0
    assert next(steps).position()[:3] == (1, 2, 3)
    meter = next(steps)
    assert meter.record.epoch == 1 and meter.position() == START._replace(epoch=2)


@pytest.mark.parametrize('devices', [ONE, TWO])
def test_labels_may_be_soft(numpy_mode, devices):
    net, loss = linear(devices), mx.gluon.loss.SoftmaxCrossEntropyLoss(sparse_label=False)
    data = batches([[1, 0], [0, 2]], [[0.7, 0.3], [0.4, 0.6]], 2, 'float32')
    trainer = trainer_for(net)
    record = [meter.record for meter in train_steps(net, data, data, loss, trainer, 1, devices,
                                                    progress=False)][-1]
    # softmax gives 1/2 everywhere: gradient (p - y) x^T, mean over two examples, step 0.1
    assert np.allclose(weights(net)[0], [[0.01, -0.01], [-0.01, 0.01]])
    assert record.loss == pytest.approx(math.log(2), rel=1e-5)
    assert (record.train_acc, record.test_acc) == (0.5, 1.0)


def test_soft_labels_of_one_class_are_its_number(numpy_mode):
    def train(y, dtype, loss):
        net = convolutional(ONE)
        data = batches(X, y, 4, dtype)
        records = [meter.record for meter in train_steps(net, data, data, loss, trainer_for(net),
                                                         2, ONE, progress=False) if meter.record]
        return weights(net), records
    generator = np.random.RandomState(0)
    X, y = generator.randn(8, 3, 6, 6), generator.randint(0, 2, 8)
    hard_weights, hard = train(y, 'int32', LOSS)
    soft_weights, soft = train(np.eye(2)[y], 'float32',
                               mx.gluon.loss.SoftmaxCrossEntropyLoss(sparse_label=False))
    assert all(np.allclose(one, two, atol=1e-6) for one, two in zip(hard_weights, soft_weights))
    assert [r[2:4] for r in hard] == [r[2:4] for r in soft]


def test_evaluation_can_be_handed_in():
    net, data = linear(ONE), batches([[1, 0], [0, 2]], [0, 1], 2)
    averaged = linear(ONE)   # in place of averaged weights: not trained
    accuracies = iter([0.25, 0.75])
    steps = train_steps(net, data, None, LOSS, trainer_for(net), 2, ONE, progress=False,
                        evaluate=lambda: next(accuracies))
    assert [meter.record.test_acc for meter in steps if meter.record] == [0.25, 0.75]
    steps = train_steps(net, data, None, LOSS, trainer_for(net), 1, ONE, progress=False,
                        evaluate=lambda: evaluate_accuracy(averaged, data))
    assert [meter.record.test_acc for meter in steps if meter.record] == [0.5]


def test_a_schedule_in_the_trainer_is_recorded():
    net, data = linear(ONE), batches([[1, 0], [0, 2]], [0, 1], 1)
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {
        'lr_scheduler': mx.lr_scheduler.PolyScheduler(4, 0.1, pwr=1)})
    history = train_ch13(net, data, data, LOSS, trainer, 2, ONE, progress=False)
    assert [record.learning_rate for record in history] == pytest.approx([0.1, 0.05])
