"""Classification metrics, computed from predicted probabilities."""
from __future__ import annotations

from typing import Iterable, NamedTuple, Sequence, Tuple

import numpy as np

from ..types import NumPyArray

NUM_BINS = 10   # of a reliability diagram
Interval = Tuple[float, float]


def confusion(probabilities: NumPyArray, labels: Iterable[int]) -> NumPyArray:
    """Return the confusion matrix: counts of images (true classes, predicted classes).

    Args:
        probabilities: One row for each image: (images, classes).
        labels: The index of the true class of each image.
    """
    counts = np.zeros((probabilities.shape[1],) * 2, int)
    np.add.at(counts, (list(labels), probabilities.argmax(axis=1)), 1)
    return counts


def wilson_interval(successes: int, total: int) -> Interval:
    """Return the 95% Wilson score interval of a share, such as an accuracy.

    It holds for shares near 0 and 1 and for few images, too, unlike plus or minus two standard
    errors. `total` is at least 1.
    """
    from scipy.stats import binomtest
    low, high = binomtest(int(successes), int(total)).proportion_ci(0.95, 'wilson')
    return float(low), float(high)


class ClassScores(NamedTuple):
    """Scores of every class, each an array (classes,); NaN where there is nothing to divide by.

    `support` is the number of images of the class, and `confidence` the mean probability of the
    images that are predicted as it, which equals `precision` where the network is calibrated.
    """

    precision: NumPyArray
    recall: NumPyArray
    f1: NumPyArray
    support: NumPyArray
    confidence: NumPyArray


def class_scores(probabilities: NumPyArray, labels: Sequence[int]) -> ClassScores:
    """Compute the scores of every class by scikit-learn; arguments as of `confusion`."""
    from sklearn.metrics import precision_recall_fscore_support
    predicted, numbers = probabilities.argmax(axis=1), np.arange(probabilities.shape[1])
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=numbers, zero_division=0)
    answers = np.bincount(predicted, minlength=len(numbers))
    sums = np.bincount(predicted, probabilities.max(axis=1), minlength=len(numbers))
    with np.errstate(invalid='ignore'):
        confidence = sums / answers
    return ClassScores(np.where(answers > 0, precision, np.nan),
                       np.where(support > 0, recall, np.nan),
                       np.where(answers + support > 0, f1, np.nan), support, confidence)


class Calibration(NamedTuple):
    """How often predictions are right, by their probability: one value for each bin with images."""

    confidence: list[float]   # mean probability of the predicted class
    accuracy: list[float]
    counts: list[int]
    error: float              # expected calibration error: mean distance of the two over all images


def calibration(probabilities: NumPyArray, labels: Sequence[int]) -> Calibration:
    """Compute the calibration of the predicted classes; arguments as of `confusion`."""
    from sklearn.calibration import calibration_curve
    confidence = np.clip(probabilities.max(axis=1), 0, 1)   # float32 may sum to more than 1
    correct = probabilities.argmax(axis=1) == np.asarray(labels)
    accuracies, confidences = calibration_curve(correct.astype(int), confidence, n_bins=NUM_BINS)
    inner_edges = np.linspace(0, 1, NUM_BINS + 1)[1:-1]
    counts = np.bincount(np.searchsorted(inner_edges, confidence))
    counts = counts[counts > 0]
    error = float((counts * abs(accuracies - confidences)).sum() / len(correct))
    return Calibration(confidences.tolist(), accuracies.tolist(), counts.tolist(), error)


def likely_label_errors(probabilities: NumPyArray,
                        labels: Sequence[int]) -> list[tuple[int, int]]:
    """Find images whose label is likely wrong, by confident learning.

    An image counts for a class if its probability is at least the mean probability of that class
    among the images labelled so. Images that count for another class more than for their own are
    likely label errors. The library cleanlab has this rule and many more.

    Args:
        probabilities: One row for each image: (images, classes), best of a network that was not
            trained on them.
        labels: The index of the labelled class of each image.

    Returns:
        `(index of the image, index of the likely class)`, the likeliest errors first.

    Source:
        Northcutt, Jiang, Chuang: Confident Learning, 2021, arXiv 1911.00068, equations 1 and 2.
    """
    given, rows = np.asarray(labels), np.arange(len(labels))
    own = probabilities[rows, given]
    sums = np.bincount(given, own, minlength=probabilities.shape[1])
    counts = np.bincount(given, minlength=probabilities.shape[1])
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    confident = np.where(probabilities >= thresholds, probabilities, 0)
    likely = confident.argmax(axis=1)
    found = np.flatnonzero(confident.any(axis=1) & (likely != given))
    order = found[np.argsort(own[found] - probabilities[found, likely[found]], kind='stable')]
    return [(int(index), int(likely[index])) for index in order]


class McNemar(NamedTuple):
    """Two classifiers on the same images, by which of them is right, and McNemar's exact test."""

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    p_value: float   # of a difference as large, if both were right equally often


def mcnemar(first: NumPyArray, second: NumPyArray) -> McNemar:
    """Compare two classifiers; `first` and `second` say whether each is right: (images,) bool."""
    from scipy.stats import binomtest
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    differ = only_first + only_second
    return McNemar(int((first & second).sum()), only_first, only_second,
                   int((~first & ~second).sum()),
                   float(binomtest(only_first, differ).pvalue) if differ else 1.0)
