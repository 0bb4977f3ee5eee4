"""Judges how far two frameworks are apart; knows neither of them, only numbers.

In float32 both round. How much, PyTorch says itself: its float32 and its float64 differ by
`rounding`. MXNet's float32 may differ from PyTorch's by `SAFETY` times that, and never by more than
`limit`. In float64 the two must agree 2**29 times better still: what is left there is no rounding,
but another formula.
"""
import dataclasses
from collections import namedtuple
from typing import Callable

import numpy as np

SAFETY = 16           # two right programs round differently: four of float32's 24 binary digits
EPSILON = 2.0 ** -23  # nothing is nearer than the last of them
FINER = 2.0 ** -29    # float64 has 29 more

EQUAL, DIFFERS, KNOWN = 'equal', 'DIFFERS', 'known'

# `rounding`, `tolerance64` and `measured64` are None where there is no float64 run; a difference
# that is known and shown has no `tolerance`.
Row = namedtuple('Row', 'name tolerance measured verdict rounding tolerance64 measured64 note')


@dataclasses.dataclass(frozen=True)
class Check:
    """A line of the table: what MXNet (`here`) and PyTorch (`there`) compute, and who judges it.

    For `by_rounding` both take a dtype and give pairs (label, {name: NumPy array}), such as one for
    each step of a training; each pair is judged by its own rounding.
    """
    name: str
    here: Callable
    there: Callable
    judge: Callable
    limit: float = np.inf
    note: str = ''

    def row(self):
        """Compute both sides; return the `Row`."""
        return self.judge(self)


def by_rounding(check):
    """Return the `Row` of the pair that comes nearest to its tolerance."""
    sides = [side(dtype) for dtype in ('float32', 'float64') for side in (check.here, check.there)]
    return nearest(rounding_row(check, label, here, there, here64, there64,
                                SAFETY * distance(there, there64))
                   for (label, here), (_, there), (_, here64), (_, there64) in zip(*sides))


def by_divergence(check):
    """Return the `Row` of a training whose smallest differences grow.

    Rounding puts one of the many activations on the other side of 0 now and then, and from there on
    two trainings part. How fast, PyTorch says in float64, from weights that were shaken a little:
    `there` with a number. Twice as far as the farthest of them may MXNet be.
    """
    sides = [side(dtype) for dtype in ('float32', 'float64') for side in (check.here, check.there)]
    shaken, farthest, rows = [check.there('float64', number) for number in range(3)], 0, []
    for (label, here), (_, there), (_, here64), (_, there64), *others in zip(*sides, *shaken):
        farthest = max(farthest, *(distance(other, there64) for _, other in others))
        rows.append(rounding_row(check, label, here, there, here64, there64, 2 * farthest))
    return nearest(rows)


def nearest(rows):
    """Return the row that comes nearest to its tolerance."""
    return max(rows, key=lambda row: max(share(row.measured, row.tolerance),
                                         share(row.measured64 or 0, row.tolerance64)))


def rounding_row(check, label, here, there, here64, there64, predicted):
    """Return the `Row` of what was computed for one label, where `predicted` may be rounding.

    `here64` is None where MXNet has no float64.
    """
    rounding = distance(there, there64)
    tolerance = min(check.limit, max(predicted, SAFETY * EPSILON))
    measured = distance(here, there)
    measured64 = None if here64 is None else distance(here64, there64)
    equal = measured <= tolerance and (measured64 or 0) <= tolerance * FINER
    note = ', '.join(part for part in (check.note, label) if part)
    return Row(check.name, tolerance, measured, EQUAL if equal else DIFFERS, rounding,
               tolerance * FINER, measured64, note)


def exactly(check):
    """Return the `Row` of two sides that must give the same arrays."""
    return fixed_row(check, 0, distance(check.here(), check.there()))


def by_distribution(check):
    """Return the `Row` of two samples: Kolmogorov and Smirnov's test, wrong once in a thousand."""
    here, there = check.here(), check.there()
    critical = np.sqrt(-np.log(0.001 / 2) / 2 * (1 / len(here) + 1 / len(there)))
    return fixed_row(check, critical, kolmogorov_smirnov(here, there))


def kolmogorov_smirnov(a, b):
    """Return the largest distance of the cumulative distributions of two samples."""
    both = np.concatenate([a, b])
    below = [np.searchsorted(np.sort(sample), both, side='right') / len(sample)
             for sample in (a, b)]
    return float(abs(below[0] - below[1]).max())


def fixed_row(check, tolerance, measured):
    """Return the `Row` of a tolerance that has a reason of its own."""
    verdict = EQUAL if measured <= tolerance else DIFFERS
    return Row(check.name, float(tolerance), float(measured), verdict, None, None, None, check.note)


def as_known(check):
    """Return the `Row` of a difference that cannot go away; `here` measures it."""
    return Row(check.name, None, float(check.here()), KNOWN, None, None, None, check.note)


def distance(here, there):
    """Return the largest ||here - there|| / ||there|| over the arrays of two dicts."""
    if set(here) != set(there):
        return np.inf
    return max(relative(here[name], there[name]) for name in there)


def relative(here, there):
    """Return ||here - there|| / ||there||, infinite where nothing can be said."""
    here, there = (np.asarray(values, 'float64') for values in (here, there))
    if here.shape != there.shape:
        return np.inf
    return share(np.linalg.norm(here - there), np.linalg.norm(there))


def share(part, whole):
    """Return part / whole; 0 / 0 is 0."""
    if part == 0:
        return 0.0
    ratio = float(part / whole) if whole else np.inf
    return ratio if ratio == ratio else np.inf
