"""Xavier initialization with random numbers of its own, where a seed is given."""
from __future__ import annotations

from typing import Any

import numpy as np

from ..compat.imports import mx
from ..errors import UsageError


def xavier(seed: int | None) -> Any:
    """Return an initializer for `Block.initialize`.

    Args:
        seed: Equal seeds give equal weights, also those that are initialized by the first batch;
            None takes the numbers from MXNet's generator.

    Raises:
        UsageError: `seed` is not a whole number of at least 0.
    """
    if seed is None:
        return mx.init.Xavier()
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise UsageError(f'seed must be a whole number of at least 0, not {seed!r}')
    return _SeededXavier(seed)


class _SeededXavier(mx.init.Xavier):  # type: ignore[misc]
    """`mx.init.Xavier` from NumPy's numbers: no generator of the process is used or seeded."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        words = [seed >> shift & 0xffffffff for shift in range(0, seed.bit_length() + 1, 32)]
        self._generator = np.random.RandomState(words)

    def _init_weight(self, name: str, arr: Any) -> None:
        fan_in, fan_out = (size * np.prod(arr.shape[2:]) for size in (arr.shape[1], arr.shape[0]))
        scale = np.sqrt(self.magnitude / ((fan_in + fan_out) / 2))
        arr[:] = self._generator.uniform(-scale, scale, arr.shape).astype('float32')
