import numpy as np
import pytest

from gluon_finetune.results.metrics import (
    McNemar,
    calibration,
    class_scores,
    confusion,
    likely_label_errors,
    mcnemar,
    wilson_interval,
)

ROWS = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.6, 0.4, 0]])


def test_confusion_counts_true_rows_and_predicted_columns():
    assert confusion(ROWS, [0, 1, 1]).tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize('successes, total, interval', [
    (9, 10, (0.5958, 0.9821)), (0, 10, (0, 0.2775)), (10, 10, (0.7225, 1)),   # Wilson (1927)
    (1, 1, (0.2065, 1))])
def test_wilson_interval(successes, total, interval):
    assert wilson_interval(successes, total) == pytest.approx(interval, abs=1e-4)


def test_scores_of_classes():
    scores = class_scores(ROWS, [0, 1, 1])
    assert scores.precision.tolist()[:2] == [0.5, 1]
    assert scores.recall.tolist()[:2] == [1, 0.5]
    assert scores.f1.tolist()[:2] == pytest.approx([2 / 3, 2 / 3])
    assert scores.support.tolist() == [1, 2, 0]
    assert scores.confidence.tolist()[:2] == pytest.approx([0.75, 0.8])
    assert all(np.isnan(values[2]) for values in scores if values is not scores.support)


def test_calibration_is_the_distance_of_confidence_and_accuracy():
    rows = np.array([[0.95, 0.05], [0.93, 0.07], [0.05, 0.95], [0.55, 0.45]])
    found = calibration(rows, [0, 1, 1, 1])
    assert found.counts == [1, 3]
    assert found.confidence == pytest.approx([0.55, (0.95 + 0.93 + 0.95) / 3])
    assert found.accuracy == pytest.approx([0, 2 / 3])
    assert found.error == pytest.approx((0.55 + abs(0.95 + 0.93 + 0.95 - 2)) / 4)


def test_calibration_of_a_network_that_is_always_right():
    found = calibration(np.array([[1.0000001, 0], [0, 1]]), [0, 1])
    assert found == ([1], [1], [2], 0)


def test_likely_label_errors_are_sure_of_another_class():
    rows = np.array([[0.9, 0.1], [0.8, 0.2], [0.05, 0.95], [0.3, 0.7], [0.1, 0.9], [0.45, 0.55]])
    # Thresholds: (0.9 + 0.8 + 0.05) / 3 = 0.58 and (0.7 + 0.9 + 0.55) / 3 = 0.72.
    assert likely_label_errors(rows, [0, 0, 0, 1, 1, 1]) == [(2, 1)]


def test_an_image_that_counts_for_both_classes_is_of_the_more_probable_one():
    rows = np.array([[0.6, 0.4], [0.2, 0.8], [0.45, 0.55]])
    # Thresholds: (0.6 + 0.2) / 2 = 0.4 for class 0, and 0.55 for class 1.
    assert likely_label_errors(rows, [0, 0, 1]) == [(1, 1)]


def test_a_class_without_images_is_no_likely_class():
    assert likely_label_errors(np.array([[0.1, 0.9], [0.2, 0.8]]), [0, 0]) == []


def test_mcnemar_counts_and_is_exact():
    first = np.array([True] * 50 + [True] * 9 + [False] * 1 + [False] * 5)
    second = np.array([True] * 50 + [False] * 9 + [True] * 1 + [False] * 5)
    result = mcnemar(first, second)
    assert result[:4] == (50, 9, 1, 5)
    assert result.p_value == pytest.approx(2 * (1 + 10) / 2 ** 10)
    assert mcnemar(first, first) == McNemar(59, 0, 0, 6, 1.0)
