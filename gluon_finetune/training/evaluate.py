"""How many examples a network gets right; knows nothing about training."""
from ..compat.gluon import devices_of
from ..compat.imports import mx
from ..errors import UsageError
from ..models.graphs import fused
from .devices import split_batch

AT_ONCE = 32   # examples on a CPU: more would take more memory and not less time


def count_correct(y_hat, y):
    """Number of rows of `y_hat` (n, classes) whose largest entry is at label `y` (n,): an array."""
    return (y_hat.argmax(axis=1).astype('int32') == y.astype('int32')).astype('float32').sum()


def evaluate_accuracy(net, data_iter, devices=None):
    """Share of the examples of `data_iter`, batches (X, y), that `net` classifies rightly.

    Each batch is shared among `devices` (default: those the net is on).
    """
    devices = devices or devices_of(net)
    net = fused(net)
    correct, examples = [], 0
    for X, y in _portions(data_iter, devices):
        parts = zip(*split_batch(X, y, devices))
        correct += [count_correct(net(X_part), y_part) for X_part, y_part in parts]
        examples += len(X)
        if len(correct) > 2 * len(devices):  # bounds the batches waiting in the engine
            correct[-1 - len(devices)].wait_to_read()
    if not examples:
        raise UsageError('no examples to evaluate on: the data set is empty')
    return sum(c.asnumpy().item() for c in correct) / examples


def _portions(data_iter, devices):
    """The batches, on CPUs in portions: a graph keeps the memory of its largest batch."""
    for X, y in data_iter:
        size = len(X) if devices[0].device_type == 'gpu' else AT_ONCE * len(devices)
        for i in range(0, len(X), size):
            yield X[i:i + size], y[i:i + size]


def predict_probabilities(net, X):
    """Softmax of `net(X)` as a NumPy array (n, classes)."""
    y_hat = net(X)
    softmax = mx.npx.softmax if isinstance(y_hat, mx.np.ndarray) else mx.nd.softmax
    return softmax(y_hat, axis=-1).asnumpy()
