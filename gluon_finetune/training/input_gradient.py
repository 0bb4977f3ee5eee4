"""The gradient of the input, asked for where running statistics of BatchNorm need it."""
from __future__ import annotations

from functools import lru_cache
from typing import Callable, Sequence

from ..compat.gluon import device_of
from ..models.batch_norm import needs_input_gradient
from ..types import Array, Net


def input_gradient(net: Net) -> Callable[[Sequence[Array]], list[Array]]:
    """Return a function that asks for the gradient of each batch where `net` needs it.

    On a CPU, the running statistics of a BatchNorm on the input move only with that gradient, as
    MXNet moves them in the backward pass. On a GPU, cuDNN moves them in the forward pass.

    Args:
        net: The network to be trained; what is frozen must not change afterwards.

    Returns:
        A function of `X_parts`, the parts of a batch: it returns arrays that share their memory.
    """
    @lru_cache(maxsize=None)
    def is_needed(shape: tuple[int, ...]) -> bool:
        return needs_input_gradient(net, shape)

    def with_gradient(X_part: Array) -> Array:
        if device_of(X_part).device_type == 'gpu' or not is_needed((1, *X_part.shape[1:])):
            return X_part
        X_part = X_part.detach()   # the array itself may belong to the caller
        X_part.attach_grad()
        return X_part
    return lambda X_parts: [with_gradient(X_part) for X_part in X_parts]
