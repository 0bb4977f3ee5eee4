"""The learning rate of a Trainer is set in one way, with and without a schedule."""
import pytest

from gluon_finetune.compat.imports import mx
from gluon_finetune.compat.trainer import learning_rate_of, set_learning_rate, set_num_update

SCHEDULES = {
    'cosine': lambda: mx.lr_scheduler.CosineScheduler(10, 0.2, warmup_steps=2),
    'poly': lambda: mx.lr_scheduler.PolyScheduler(10, 0.2),
    'factor': lambda: mx.lr_scheduler.FactorScheduler(2, 0.5, base_lr=0.2),
    'steps': lambda: mx.lr_scheduler.MultiFactorScheduler([3, 6], 0.1, base_lr=0.2)}


def make(**options):
    net = mx.gluon.nn.Dense(2, in_units=2)
    net.initialize()
    return mx.gluon.Trainer(net.collect_params(), 'sgd', options)


def test_without_a_schedule_the_rate_is_set():
    trainer = make(learning_rate=0.2)
    set_learning_rate(trainer, 0.05)
    assert learning_rate_of(trainer) == trainer.learning_rate == 0.05


@pytest.mark.parametrize('name', SCHEDULES)
def test_a_schedule_is_scaled_and_keeps_its_shape(name):
    trainer, schedule = make(lr_scheduler=SCHEDULES[name]()), SCHEDULES[name]()
    for number, rate in [(1, 0.2), (4, 0.1), (7, 0.05), (9, 0.025)]:   # never scaled twice
        set_num_update(trainer, number)
        learning_rate_of(trainer)   # some schedules change as they are asked
        set_learning_rate(trainer, rate)
        assert learning_rate_of(trainer) == rate / 0.2 * schedule(number)
