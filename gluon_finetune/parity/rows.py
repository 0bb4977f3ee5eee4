"""Verdicts on numeric differences between two frameworks.

In float32 both frameworks round. PyTorch shows how much: its float32 and float64 results differ by
`rounding`. MXNet's float32 may differ from PyTorch's by `SAFETY_FACTOR` times that, and never by
more than `limit`. In float64, where rounding is 2**29 times smaller, so is the tolerance: a larger
difference means that the formulas differ.
"""
from __future__ import annotations

import dataclasses
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Tuple

import numpy as np

from ..types import NumPyArray

SAFETY_FACTOR = 16            # correct programs round differently: 4 of the 24 bits of float32
EPSILON = 2.0 ** -23          # machine epsilon of float32
FLOAT64_FACTOR = 2.0 ** -29   # float64 has 29 bits more

EQUAL, DIFFERS, KNOWN = 'equal', 'DIFFERS', 'known'

Arrays = Mapping[str, Any]              # name -> NumPy array or number
Results = Iterable[Tuple[str, Any]]     # pairs (label, Arrays), such as one for each training step


class Row(NamedTuple):
    """A row of the table; None where a value does not apply.

    `rounding`, `tolerance64` and `measured64` need a float64 run; a known difference has no
    `tolerance`.
    """
    name: str
    tolerance: float | None
    measured: float
    verdict: str
    rounding: float | None
    tolerance64: float | None
    measured64: float | None
    note: str


@dataclasses.dataclass(frozen=True)
class Check:
    """A comparison: what MXNet and PyTorch compute, and the function that judges the difference.

    For `by_rounding` and `by_divergence` both sides take a dtype and return `Results`; each label
    is judged by its own rounding.
    """
    name: str
    mxnet: Callable[..., Any]
    torch: Callable[..., Any]
    judge: Callable[[Check], Row]
    limit: float = np.inf
    note: str = ''

    def row(self) -> Row:
        """Compute both sides; return the judged difference."""
        return self.judge(self)


@dataclasses.dataclass(frozen=True)
class KnownDifference:
    """A difference that cannot be removed; it is measured and shown, not judged."""
    name: str
    measure: Callable[[], float]
    note: str = ''

    def row(self) -> Row:
        """Measure the difference."""
        return Row(self.name, None, float(self.measure()), KNOWN, None, None, None, self.note)


def by_rounding(check: Check) -> Row:
    """Judge each label by PyTorch's rounding; return the row closest to its tolerance."""
    return worst([rounding_row(check, label, mxnet, torch, mxnet64, torch64,
                               SAFETY_FACTOR * distance(torch, torch64))
                  for (label, mxnet), (_, torch), (_, mxnet64), (_, torch64)
                  in zip(*both_precisions(check))])


def by_divergence(check: Check) -> Row:
    """Judge a training in which small differences grow; return the row closest to its tolerance.

    Rounding occasionally changes the sign of an activation near 0, and from then on two trainings
    diverge. PyTorch shows how fast, in float64, from slightly perturbed weights: `check.torch` with
    a seed. MXNet may differ by twice the largest of these differences.
    """
    perturbed = [check.torch('float64', seed) for seed in range(3)]
    largest, rows = 0.0, []
    for (label, mxnet), (_, torch), (_, mxnet64), (_, torch64), *others in zip(
            *both_precisions(check), *perturbed):
        largest = max(largest, *(distance(other, torch64) for _, other in others))
        rows.append(rounding_row(check, label, mxnet, torch, mxnet64, torch64, 2 * largest))
    return worst(rows)


def both_precisions(check: Check) -> list[Results]:
    """Return the results of MXNet and PyTorch in float32, then of both in float64."""
    return [side(dtype) for dtype in ('float32', 'float64') for side in (check.mxnet, check.torch)]


def worst(rows: Iterable[Row]) -> Row:
    """Return the row that is closest to its tolerance, or farthest beyond it."""
    return max(rows, key=lambda row: max(ratio(row.measured, row.tolerance or 0),
                                         ratio(row.measured64 or 0, row.tolerance64 or 0)))


def rounding_row(check: Check, label: str, mxnet: Arrays, torch: Arrays, mxnet64: Arrays | None,
                 torch64: Arrays, predicted: float) -> Row:
    """Return the row of one label, in which rounding may cause a difference of `predicted`.

    `mxnet64` is None where MXNet does not support float64.
    """
    tolerance = min(check.limit, max(predicted, SAFETY_FACTOR * EPSILON))
    tolerance64 = tolerance * FLOAT64_FACTOR
    measured = distance(mxnet, torch)
    measured64 = None if mxnet64 is None else distance(mxnet64, torch64)
    equal = measured <= tolerance and (measured64 or 0) <= tolerance64
    note = ', '.join(part for part in (check.note, label) if part)
    return Row(check.name, tolerance, measured, EQUAL if equal else DIFFERS,
               distance(torch, torch64), tolerance64, measured64, note)


def exactly(check: Check) -> Row:
    """Judge two sides that must give the same arrays."""
    return fixed_row(check, 0, distance(check.mxnet(), check.torch()))


def by_distribution(check: Check) -> Row:
    """Judge two samples by the Kolmogorov-Smirnov test, at a significance level of 0.001."""
    mxnet, torch = check.mxnet(), check.torch()
    critical = np.sqrt(-np.log(0.001 / 2) / 2 * (1 / len(mxnet) + 1 / len(torch)))
    return fixed_row(check, critical, kolmogorov_smirnov(mxnet, torch))


def kolmogorov_smirnov(a: NumPyArray, b: NumPyArray) -> float:
    """Return the largest distance between the cumulative distributions of two samples."""
    both = np.concatenate([a, b])
    below = [np.searchsorted(np.sort(sample), both, side='right') / len(sample)
             for sample in (a, b)]
    return float(abs(below[0] - below[1]).max())


def fixed_row(check: Check, tolerance: float, measured: float) -> Row:
    """Return the row of a check whose tolerance does not depend on rounding."""
    verdict = EQUAL if measured <= tolerance else DIFFERS
    return Row(check.name, float(tolerance), float(measured), verdict, None, None, None, check.note)


def distance(found: Arrays, expected: Arrays) -> float:
    """Return the largest relative error of the arrays; infinite for different names."""
    if set(found) != set(expected):
        return np.inf
    return max(relative_error(found[name], expected[name]) for name in expected)


def relative_error(found: Any, expected: Any) -> float:
    """Return ||found - expected|| / ||expected||; infinite for different shapes and NaN."""
    found, expected = (np.asarray(values, 'float64') for values in (found, expected))
    if found.shape != expected.shape:
        return np.inf
    return ratio(np.linalg.norm(found - expected), np.linalg.norm(expected))


def ratio(part: Any, total: Any) -> float:
    """Return part / total; 0 / 0 is 0, NaN and division by 0 are infinite."""
    if part == 0:
        return 0.0
    quotient = float(part / total) if total else np.inf
    return quotient if quotient == quotient else np.inf
