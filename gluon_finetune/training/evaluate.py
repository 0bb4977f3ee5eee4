"""Accuracy and predicted probabilities of a network."""
from __future__ import annotations

from typing import Iterable, Iterator, Sequence

from ..compat.gluon import devices_of
from ..compat.imports import mx
from ..errors import UsageError
from ..models.graphs import fused
from ..types import Array, Batch, Device, Net, NumPyArray
from .devices import split_batch

CPU_BATCH_SIZE = 32   # examples: larger batches take more memory and as much time


def count_correct(y_hat: Array, y: Array) -> Array:
    """Count the examples whose largest output is at their label.

    Args:
        y_hat: Outputs (batch, classes).
        y: Labels: class numbers (batch,), or soft labels (batch, classes), whose largest counts.

    Returns:
        An array of one number, still being computed.
    """
    labels = y.argmax(axis=1) if len(y.shape) == 2 else y
    correct = y_hat.argmax(axis=1).astype('int32') == labels.astype('int32')
    return correct.astype('float32').sum()


def evaluate_accuracy(net: Net, data_iter: Iterable[Batch],
                      devices: Sequence[Device] | None = None) -> float:
    """Compute the accuracy of a network.

    Args:
        net: The network.
        data_iter: Batches `(X, y)`, labels as in `count_correct`.
        devices: Devices that share each batch (default: those the net is on).

    Returns:
        The share of examples that are classified correctly, from 0 to 1.

    Raises:
        UsageError: There are no examples.
    """
    devices = devices or devices_of(net)
    net = fused(net)
    correct: list[Array] = []
    examples = 0
    for X, y in _small_batches(data_iter, devices):
        parts = zip(*split_batch(X, y, devices))
        correct += [count_correct(net(X_part), y_part) for X_part, y_part in parts]
        examples += len(X)
        if len(correct) > 2 * len(devices):  # bounds the batches waiting in the engine
            correct[-1 - len(devices)].wait_to_read()
    if not examples:
        raise UsageError('no examples to evaluate on: the data set is empty')
    return float(sum(count.asnumpy().item() for count in correct) / examples)


def _small_batches(data_iter: Iterable[Batch], devices: Sequence[Device]) -> Iterator[Batch]:
    """Divide batches for CPUs, as a graph keeps the memory of its largest batch."""
    for X, y in data_iter:
        size = len(X) if devices[0].device_type == 'gpu' else CPU_BATCH_SIZE * len(devices)
        for i in range(0, len(X), size):
            yield X[i:i + size], y[i:i + size]


def predict_probabilities(net: Net, X: Array) -> NumPyArray:
    """Compute the softmax of `net(X)` as a NumPy array (batch, classes)."""
    y_hat = net(X)
    softmax = mx.npx.softmax if isinstance(y_hat, mx.np.ndarray) else mx.nd.softmax
    probabilities: NumPyArray = softmax(y_hat, axis=-1).asnumpy()
    return probabilities
