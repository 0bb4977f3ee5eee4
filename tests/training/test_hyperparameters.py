import numpy as np
import pytest

from gluon_finetune.compat.imports import array, mx
from gluon_finetune.errors import UsageError
from gluon_finetune.training.hyperparameters import to_mean_gradient, to_sum_gradient


def test_chapters_numbers():
    learning_rate, wd = to_mean_gradient(5e-5, 0.001, 128)
    assert learning_rate == pytest.approx(6.4e-3)
    assert wd == pytest.approx(7.8125e-6)
    assert to_sum_gradient(learning_rate, wd, 128) == pytest.approx((5e-5, 0.001))


def test_batch_size_0():
    with pytest.raises(UsageError) as error:
        to_mean_gradient(0.01, 0.001, 0)
    assert str(error.value) == 'batch_size is 0: it must be a whole number from 1 up'


def train(learning_rate, wd, divisor, momentum):
    """Weights after 6 steps on 8 examples, each on the gradient of the sum divided by `divisor`."""
    np.random.seed(0)
    net = mx.gluon.nn.Dense(3, in_units=5)
    net.initialize(mx.init.Zero())
    net.weight.set_data(array(np.random.randn(3, 5)))
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {
        'learning_rate': learning_rate, 'wd': wd, 'momentum': momentum})
    for _ in range(6):
        X, y = array(np.random.randn(8, 5)), array(np.random.randint(0, 3, 8))
        with mx.autograd.record():
            loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()(net(X), y).sum()
        loss.backward()
        trainer.step(divisor)
    return net.weight.data().asnumpy()


@pytest.mark.parametrize('momentum', [0, 0.9])
def test_both_forms_take_the_same_steps(momentum):
    by_sum = train(0.02, 0.3, 1, momentum)
    by_mean = train(*to_mean_gradient(0.02, 0.3, 8), 8, momentum)
    np.testing.assert_allclose(by_mean, by_sum, rtol=1e-5)
    untranslated_wd = train(0.02 * 8, 0.3, 8, momentum)
    assert abs(untranslated_wd - by_sum).max() > 0.1
