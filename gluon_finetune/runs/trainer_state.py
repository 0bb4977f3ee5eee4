"""What a trainer remembers between steps, as named arrays; knows nothing about files.

MXNet's own `save_states` pickles it, and whoever unpickles a file runs whatever is in it.
"""
import numpy as np

from ..compat.imports import mx, structured_parameters, value_of
from ..errors import UsageError


def weights_of(net):
    """Structural name -> NumPy array; what differs between devices is averaged."""
    return {name: value_of(param) for name, param in structured_parameters(net).items()}


def trainer_arrays(net, trainer, weights):
    """Name -> NumPy array of what `weights` (`weights_of(net)`) leaves out.

    That is the optimiser's arrays (momenta, say) and counters, and the parameters of each device
    where they are not the same on all: BatchNorm's statistics are a device's own.
    """
    optimizer, arrays = trainer._optimizer, {}
    arrays['num_update'] = np.array([optimizer.num_update], 'int64')
    for device, counts in optimizer._all_index_update_counts.items():
        if counts:
            arrays[f'counts.{device}'] = np.array(sorted(counts.items()), 'int64')
    for i, updater in enumerate(_updaters(trainer)):
        for index, state in updater.states.items():
            for path, leaf in _leaves(state, f'state.{i}.{index}'):
                arrays[path] = leaf.asnumpy()
    for name, param in structured_parameters(net).items():
        values = [data.copyto(mx.cpu()).asnumpy() for data in param.list_data()]
        if any((value != weights[name]).any() for value in values):
            arrays.update((f'device.{i}.{name}', value) for i, value in enumerate(values))
    return arrays


def restore_trainer(net, trainer, arrays):
    """The inverse of `trainer_arrays`, once the weights are in `net`.

    Raises `UsageError` for arrays that belong to another network or optimiser. On other devices
    than before, each that has no parameters of its own keeps the weights in `net`.
    """
    left = dict(arrays)
    trainer._init_kvstore()
    trainer._init_params()   # which copies the first device's parameters to the others
    for name, param in structured_parameters(net).items():
        for i, data in enumerate(param.list_data()):
            _fill(data, left.pop(f'device.{i}.{name}', None), name)
    for i, updater in enumerate(_updaters(trainer)):
        for index, param in enumerate(trainer._params):
            if any(path.startswith(f'state.{i}.{index}.') for path in left):
                updater.states[index] = _filled_state(trainer, param, i, index, left)
                updater.states_synced[index] = False
    _restore_counters(trainer._optimizer, left)
    left = [name for name in left if not name.startswith('device.')]
    if left:
        raise UsageError(f'the state of the optimiser has {left[0]!r:.60}, which this one does not')


def _updaters(trainer):
    return [trainer._kvstore._updater] if trainer._update_on_kvstore else trainer._updaters


def _leaves(state, path):
    """(path, array) of every array in nested tuples."""
    if isinstance(state, (tuple, list)):
        for i, part in enumerate(state):
            yield from _leaves(part, f'{path}.{i}')
    elif state is not None:
        yield f'{path}.array', state


def _filled_state(trainer, param, updater, index, arrays):
    """A state of the form that the optimiser itself gives it, with the saved numbers."""
    weight = param.list_data()[min(updater, len(param.list_data()) - 1)].as_nd_ndarray()
    state = trainer._optimizer.create_state_multi_precision(index, weight)
    for path, leaf in _leaves(state, f'state.{updater}.{index}'):
        _fill(leaf, arrays.pop(path, None), path)
    return state


def _fill(target, value, name):
    if value is None:
        return
    if target.shape != value.shape:
        raise UsageError(f'{name} is saved with the shape {value.shape}, expected {target.shape}')
    target[:] = value


def _restore_counters(optimizer, arrays):
    for name in [name for name in arrays if name == 'num_update' or name.startswith('counts.')]:
        value, device = arrays.pop(name), name.partition('.')[2]
        if value.dtype == 'int64' and value.shape == (1,) and not device:
            optimizer.num_update = int(value[0])
        elif value.dtype == 'int64' and value.shape[1:] == (2,) and device.isdigit():
            counts = optimizer._all_index_update_counts.setdefault(int(device), {})
            counts.update(value.tolist())
        else:
            raise UsageError(f'the state of the optimiser has {name!r:.60} of shape {value.shape}')
