"""Learning rate, optimizer states and update counts of a Trainer, which MXNet keeps private."""
from __future__ import annotations

from typing import Any, Dict

from ..errors import UsageError
from ..types import Trainer

Counts = Dict[int, Dict[int, int]]   # device number -> parameter number -> updates


class _ScaledSchedule:
    """A learning-rate schedule times a constant factor."""

    def __init__(self, schedule: Any, factor: float) -> None:
        self.schedule, self.factor = schedule, factor

    def __call__(self, num_update: int) -> float:
        return float(self.factor * self.schedule(num_update))


def learning_rate_of(trainer: Trainer) -> float:
    """Return the learning rate of the next step."""
    rate: float = trainer.learning_rate
    return rate


def set_learning_rate(trainer: Trainer, rate: float) -> None:
    """Set the learning rate of a trainer, or the base rate of its `mx.lr_scheduler`.

    A schedule keeps its shape: all of its rates are scaled. MXNet's own
    `Trainer.set_learning_rate` raises where there is one.
    """
    optimizer = trainer._optimizer
    schedule = optimizer.lr_scheduler
    if schedule is None:
        trainer.set_learning_rate(rate)
        return
    if isinstance(schedule, _ScaledSchedule):
        schedule = schedule.schedule
    base = schedule.warmup_final_lr   # unlike `base_lr`, which some schedules change as they go
    optimizer.lr_scheduler = _ScaledSchedule(schedule, rate / base)


def initialize_trainer(trainer: Trainer) -> None:
    """Create the trainer's key-value store, as its first step does.

    That copies the parameters of the first device to the others.
    """
    trainer._init_kvstore()
    trainer._init_params()


def optimizer_states(trainer: Trainer) -> list[dict[int, Any]]:
    """Return for each updater a dict: parameter number -> state (array, tuple or None).

    Raises:
        UsageError: The states are on the servers of a distributed key-value store.
    """
    return [updater.states for updater in _updaters(trainer)]


def new_state(trainer: Trainer, updater: int, index: int) -> Any:
    """Create, as the optimizer does, the state of parameter `index` and give it to an updater."""
    arrays = trainer._params[index].list_data()
    weight = arrays[min(updater, len(arrays) - 1)].as_nd_ndarray()
    state = trainer._optimizer.create_state_multi_precision(index, weight)
    target = _updaters(trainer)[updater]
    target.states[index] = state
    target.states_synced[index] = False   # moved to its device before it is used
    return state


def num_parameters(trainer: Trainer) -> int:
    """Return the number of parameters that a trainer updates."""
    return len(trainer._params)


def num_update(trainer: Trainer) -> int:
    """Return the number of updates so far, which schedules and Adam depend on."""
    return int(trainer._optimizer.num_update)


def set_num_update(trainer: Trainer, number: int) -> None:
    """Set the number of updates so far."""
    trainer._optimizer.num_update = number


def update_counts(trainer: Trainer) -> Counts:
    """Return the live dict of each parameter's number of updates."""
    counts: Counts = trainer._optimizer._all_index_update_counts
    return counts


def _updaters(trainer: Trainer) -> list[Any]:
    if not trainer._update_on_kvstore:
        return list(trainer._updaters)
    if trainer._kvstore._updater is None:
        raise UsageError('the state of the optimizer is on the parameter servers, where it cannot '
                         'be saved: make the Trainer with update_on_kvstore=False')
    return [trainer._kvstore._updater]
