"""The state of a trainer between two steps as named arrays.

MXNet's own `save_states` pickles it, and unpickling a file can run any code.
"""
from __future__ import annotations

from typing import Any, Dict, Iterator

import numpy as np

from ..compat import trainer as compat
from ..compat.imports import mx, structured_parameters, value_of
from ..errors import UsageError
from ..types import Array, Net, NumPyArray, Trainer

Arrays = Dict[str, NumPyArray]


def weights_of(net: Net) -> Arrays:
    """Return structural name -> weights, averaged over the devices."""
    return {name: value_of(param) for name, param in structured_parameters(net).items()}


def trainer_arrays(net: Net, trainer: Trainer, weights: Arrays) -> Arrays:
    """Return name -> array of the state that `weights` (`weights_of(net)`) does not include.

    That is the optimizer's arrays (such as momenta) and counters, and the parameters of each device
    where they differ between devices: each device has its own BatchNorm statistics.
    """
    arrays = {'num_update': np.array([compat.num_update(trainer)], 'int64')}
    for device, counts in compat.update_counts(trainer).items():
        if counts:
            arrays[f'counts.{device}'] = np.array(sorted(counts.items()), 'int64')
    for i, states in enumerate(compat.optimizer_states(trainer)):
        for index, state in states.items():
            for path, leaf in _leaves(state, f'state.{i}.{index}'):
                arrays[path] = leaf.asnumpy()
    for name, param in structured_parameters(net).items():
        values = [data.copyto(mx.cpu()).asnumpy() for data in param.list_data()]
        if any((value != weights[name]).any() for value in values):
            arrays.update((f'device.{i}.{name}', value) for i, value in enumerate(values))
    return arrays


def restore_trainer(net: Net, trainer: Trainer, arrays: Arrays) -> None:
    """Restore what `trainer_arrays` returned, once the weights are in `net`.

    On other devices than before, each device without parameters of its own keeps the weights in
    `net`.

    Raises:
        UsageError: The arrays belong to another network or optimizer.
    """
    unused = dict(arrays)
    compat.initialize_trainer(trainer)
    for name, param in structured_parameters(net).items():
        for i, data in enumerate(param.list_data()):
            _fill(data, unused.pop(f'device.{i}.{name}', None), name)
    for i in range(len(compat.optimizer_states(trainer))):
        for index in range(compat.num_parameters(trainer)):
            if any(path.startswith(f'state.{i}.{index}.') for path in unused):
                state = compat.new_state(trainer, i, index)
                for path, leaf in _leaves(state, f'state.{i}.{index}'):
                    _fill(leaf, unused.pop(path, None), path)
    _restore_counters(trainer, unused)
    unknown = [name for name in unused if not name.startswith('device.')]
    if unknown:
        raise UsageError(f'unknown array {unknown[0]!r:.60} in the saved state of the optimizer: '
                         f'it belongs to another optimizer or network')


def _leaves(state: Any, path: str) -> Iterator[tuple[str, Array]]:
    """Yield (path, array) of every array in nested tuples."""
    if isinstance(state, (tuple, list)):
        for i, part in enumerate(state):
            yield from _leaves(part, f'{path}.{i}')
    elif state is not None:
        yield f'{path}.array', state


def _fill(target: Array, value: NumPyArray | None, name: str) -> None:
    if value is None:
        return
    if target.shape != value.shape:
        raise UsageError(f'{name} was saved with the shape {value.shape}, expected {target.shape}')
    target[:] = value


def _restore_counters(trainer: Trainer, arrays: Arrays) -> None:
    for name in [name for name in arrays if name == 'num_update' or name.startswith('counts.')]:
        value, device = arrays.pop(name), name.partition('.')[2]
        if value.dtype == 'int64' and value.shape == (1,) and not device:
            compat.set_num_update(trainer, int(value[0]))
        elif value.dtype == 'int64' and value.shape[1:] == (2,) and device.isdigit():
            counts = compat.update_counts(trainer).setdefault(int(device), {})
            counts.update(value.tolist())
        else:
            raise UsageError(f'{name!r:.60} in the saved state of the optimizer has the shape '
                             f'{value.shape}, which is wrong')
