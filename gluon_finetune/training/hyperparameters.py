"""Conversion of hyper-parameters between the chapter's two tabs."""
from __future__ import annotations

from ..errors import UsageError


def to_mean_gradient(learning_rate: float, wd: float, batch_size: int) -> tuple[float, float]:
    """Convert learning rate and weight decay from the PyTorch tab to this package.

    The chapter's PyTorch tab steps on the sum of the gradients over a batch (`l.sum().backward()`),
    the MXNet tab and this package on their mean. The same step then takes `batch_size` times the
    learning rate, and the same decay per step (learning rate times `wd`) takes `wd / batch_size`:
    5e-5 and 0.001 become 6.4e-3 and 7.8e-6 at batch size 128, with momentum too. Only a smaller
    last batch differs: the step on its sum is smaller, the step on its mean is not.

    Args:
        learning_rate: Learning rate for the sum of the gradients.
        wd: Weight decay for the sum of the gradients.
        batch_size: Examples per batch.

    Returns:
        `(learning_rate, wd)` for the mean of the gradients.

    Raises:
        UsageError: `batch_size` is below 1.
    """
    _check(batch_size)
    return learning_rate * batch_size, wd / batch_size


def to_sum_gradient(learning_rate: float, wd: float, batch_size: int) -> tuple[float, float]:
    """Convert learning rate and weight decay from this package to the PyTorch tab.

    This is the inverse of `to_mean_gradient`.

    Args:
        learning_rate: Learning rate for the mean of the gradients.
        wd: Weight decay for the mean of the gradients.
        batch_size: Examples per batch.

    Returns:
        `(learning_rate, wd)` for the sum of the gradients.

    Raises:
        UsageError: `batch_size` is below 1.
    """
    _check(batch_size)
    return learning_rate / batch_size, wd * batch_size


def _check(batch_size: int) -> None:
    if batch_size < 1:
        raise UsageError(f'batch_size is {batch_size!r}: it must be a whole number from 1 up')
