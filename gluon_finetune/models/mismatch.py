"""Messages about weights that do not fit a network, by name and shape."""
from __future__ import annotations

from typing import Mapping, Optional, Sequence

MAX_SHOWN = 3
Shapes = Mapping[str, Optional[Sequence[int]]]   # None: unknown


def explain_mismatch(expected: Shapes, found: Shapes) -> str | None:
    """Return why parameters do not fit a network, or None if they fit.

    The message names the first three parameters that do not fit.

    Args:
        expected: Parameter name -> shape in the network; sizes 0 and -1 are not known yet and
            match any.
        found: Parameter name -> shape in the weights.

    Returns:
        The message as part of a sentence.
    """
    problems = [problem for problem in (_problem(name, expected, found) for name in expected)
                if problem]
    problems += [f'{name} {_text(shape)} is not in the network'
                 for name, shape in found.items() if name not in expected]
    if not problems:
        return None
    shown = '; '.join(problems[:MAX_SHOWN])
    more = len(problems) - MAX_SHOWN
    return f'{shown}; and {more} more' if more > 0 else shown


def _problem(name: str, expected: Shapes, found: Shapes) -> str | None:
    if name not in found:
        return f'{name} {_text(expected[name])} is not in the weights'
    if not fits(expected[name], found[name]):
        return (f'{name} is {_text(found[name])} in the weights, '
                f'{_text(expected[name])} in the network')
    return None


def fits(expected: Sequence[int] | None, found: Sequence[int] | None) -> bool:
    """Return whether shapes agree; sizes 0 and -1, and None, are not known and fit any."""
    if expected is None or found is None:
        return True
    return len(expected) == len(found) and all(
        size in (0, -1, other) for size, other in zip(expected, found))


def _text(shape: Sequence[int] | None) -> str:
    return 'of unknown shape' if shape is None else str(tuple(int(size) for size in shape))
