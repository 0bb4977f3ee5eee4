"""Verdicts: by rounding, by divergence, by distribution."""
import numpy as np
import pytest

from gluon_finetune.parity import rows
from gluon_finetune.parity.rows import DIFFERS, EQUAL, Check, KnownDifference

EXACT = np.array([1., 2., 2.])


def check(measured=0, measured64=0, rounding=1e-6, **options):
    """The check of two sides with these relative differences; the norm of the arrays is 3."""
    def side(change32, change64):
        return lambda dtype: [('', {'a': EXACT + [3 * (change32 if dtype == 'float32'
                                                       else change64), 0, 0]})]
    return Check('a row', side(rounding + measured, measured64), side(rounding, 0),
                 rows.by_rounding, **options)


def test_rounding_gives_the_tolerance():
    row = check(measured=5e-6).row()
    assert row.rounding == pytest.approx(1e-6)
    assert row.tolerance == pytest.approx(rows.SAFETY_FACTOR * 1e-6)
    assert row.measured == pytest.approx(5e-6) and row.verdict == EQUAL
    assert row.tolerance64 == row.tolerance * rows.FLOAT64_FACTOR


@pytest.mark.parametrize('options, verdict', [
    ({}, EQUAL), ({'measured': 1.5e-5}, EQUAL), ({'measured': 1.7e-5}, DIFFERS),
    ({'measured': 1.5e-5, 'limit': 1.4e-5}, DIFFERS), ({'measured': np.nan}, DIFFERS),
    ({'measured64': 1e-14}, EQUAL), ({'measured64': 1e-13}, DIFFERS),
    ({'rounding': 0, 'measured': 10 * rows.EPSILON}, EQUAL),
    ({'rounding': 0, 'measured': 1e-5}, DIFFERS)])
def test_verdicts(options, verdict):
    assert check(**options).row().verdict == verdict


def test_the_worst_label_is_reported():
    def side(*values):
        return lambda dtype: ((f'step {i}', {'a': EXACT + value}) for i, value in enumerate(values))
    row = Check('steps', side(0, 0, 1, 0), side(0, 0, 0, 0), rows.by_rounding, note='worst').row()
    assert row.verdict == DIFFERS and row.note == 'worst, step 2'


def test_divergence_is_predicted_by_perturbed_runs():
    def side(dtype, seed=None):
        shift = {None: 0, 0: 0.1, 1: 0.3, 2: 0.2}[seed]
        return [('step 1', {'a': EXACT + shift / np.sqrt(3) * 3})]

    def verdict(difference):
        mxnet = [('step 1', {'a': EXACT + difference / np.sqrt(3) * 3})]
        return Check('steps', lambda dtype: mxnet if dtype == 'float32' else side(dtype), side,
                     rows.by_divergence).row().verdict
    assert (verdict(0.59), verdict(0.61)) == (EQUAL, DIFFERS)


def test_distance():
    assert rows.distance({'a': [3, 4], 'b': [1]}, {'a': [3, 4.5], 'b': [1]}) == pytest.approx(
        0.5 / np.hypot(3, 4.5))
    assert rows.distance({'a': [0]}, {'a': [0]}) == 0
    assert rows.distance({'a': [1]}, {'a': [0]}) == np.inf
    assert rows.distance({'a': [1]}, {'b': [1]}) == np.inf
    assert rows.distance({'a': [1]}, {'a': [1, 1]}) == np.inf


def test_exactly():
    assert Check('n', lambda: {'n': 3}, lambda: {'n': 3}, rows.exactly).row().verdict == EQUAL
    assert Check('n', lambda: {'n': 3}, lambda: {'n': 4}, rows.exactly).row().verdict == DIFFERS


def test_distributions():
    rng = np.random.RandomState(0)
    one, same, other = rng.rand(10_000), rng.rand(10_000), rng.rand(10_000) ** 1.1
    row = Check('samples', lambda: one, lambda: same, rows.by_distribution).row()
    assert row.verdict == EQUAL and row.tolerance == pytest.approx(0.02757, abs=1e-5)
    row = Check('samples', lambda: one, lambda: other, rows.by_distribution).row()
    assert row.verdict == DIFFERS
    assert rows.kolmogorov_smirnov(np.array([1, 2]), np.array([2, 3])) == 0.5


def test_a_known_difference_has_no_tolerance():
    row = KnownDifference('decoders', lambda: 3, note='why').row()
    assert (row.verdict, row.measured, row.tolerance, row.note) == (rows.KNOWN, 3, None, 'why')
