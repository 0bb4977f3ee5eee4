"""Translates hyper-parameters between the chapter's two tabs; knows no framework."""
from ..errors import UsageError


def to_mean_gradient(learning_rate, wd, batch_size):
    """What steps on the sum of the gradients, for steps on their mean: `(learning_rate, wd)`.

    The chapter's PyTorch tab steps on the sum over a batch (`l.sum().backward()`), the MXNet tab
    and this package on the mean: there the same step takes `batch_size` times the learning rate,
    and the same decay per step (learning rate times `wd`) a `batch_size`-th of `wd`. So 5e-5 and
    0.001 become 6.4e-3 and 7.8e-6 at batch size 128, with momentum too. A last batch of fewer
    examples is where the two still differ: its sum is a smaller step, its mean is not. Raises
    `UsageError` for a batch size below 1.
    """
    _check(batch_size)
    return learning_rate * batch_size, wd / batch_size


def to_sum_gradient(learning_rate, wd, batch_size):
    """The inverse of `to_mean_gradient`: from this package to the PyTorch tab."""
    _check(batch_size)
    return learning_rate / batch_size, wd * batch_size


def _check(batch_size):
    if batch_size < 1:
        raise UsageError(f'batch_size is {batch_size!r}: it must be a whole number from 1 up')
