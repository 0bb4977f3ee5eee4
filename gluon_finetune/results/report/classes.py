"""The classes in the report: confusion matrix or the worst pairs, and scores of each class."""
from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np

from ...types import NumPyArray
from ..metrics import class_scores, confusion
from ..predictions import Predictions

MAX_MATRIX_CLASSES = 20
MAX_PAIRS = 30


class Cell(NamedTuple):
    """A cell of the confusion matrix."""

    images: int
    share: float   # of the images of the true class
    right: bool


class Pair(NamedTuple):
    """Two classes that are confused."""

    true: str
    predicted: str
    images: int
    share: float   # of the images of the true class


class Row(NamedTuple):
    """Scores of a class; NaN where there is nothing to divide by."""

    name: str
    train: int      # images
    support: int    # test images
    precision: float
    recall: float
    f1: float
    confidence: float


class Confusions(NamedTuple):
    """The confusion matrix of few classes, and of many the pairs that are confused most."""

    matrix: list[tuple[str, list[Cell]]]   # name of the true class, cells; [] of many classes
    pairs: list[Pair]
    num_pairs: int


def confusions(classes: Sequence[str], predictions: Predictions) -> Confusions:
    """Return the confusions of the test images."""
    counts = confusion(predictions.probabilities, predictions.labels)
    totals = np.maximum(counts.sum(axis=1), 1)
    off_diagonal = counts - np.diag(np.diag(counts))
    rows, columns = np.nonzero(off_diagonal)
    values = off_diagonal[rows, columns]
    order = np.lexsort((columns, rows, -values / totals[rows], -values))[:MAX_PAIRS]
    pairs = [Pair(classes[i], classes[j], int(counts[i, j]), float(counts[i, j] / totals[i]))
             for i, j in zip(rows[order], columns[order])]
    few = len(classes) <= MAX_MATRIX_CLASSES
    return Confusions(_matrix(classes, counts, totals) if few else [], pairs, len(rows))


def _matrix(classes: Sequence[str], counts: NumPyArray,
            totals: NumPyArray) -> list[tuple[str, list[Cell]]]:
    return [(name, [Cell(int(count), float(count / total), i == j) for j, count in enumerate(row)])
            for i, (name, row, total) in enumerate(zip(classes, counts, totals))]


def scores(classes: Sequence[str], predictions: Predictions,
           train_labels: Sequence[int]) -> list[Row]:
    """Return the scores of every class; of many classes, those with the lowest F1 first."""
    found = class_scores(predictions.probabilities, predictions.labels)
    train = np.bincount(train_labels, minlength=len(classes))
    rows = [Row(name, int(train[i]), int(found.support[i]), float(found.precision[i]),
                float(found.recall[i]), float(found.f1[i]), float(found.confidence[i]))
            for i, name in enumerate(classes)]
    if len(classes) > MAX_MATRIX_CLASSES:   # NaN, of classes without test images, comes last
        rows.sort(key=lambda row: (np.isnan(row.f1), row.f1))
    return rows
