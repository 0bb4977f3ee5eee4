"""Classification metrics, computed from predicted probabilities."""
from __future__ import annotations

from typing import Iterable

import numpy as np

from ..types import NumPyArray


def confusion(probabilities: NumPyArray, labels: Iterable[int]) -> NumPyArray:
    """Return the confusion matrix: counts of images (true classes, predicted classes).

    Args:
        probabilities: One row for each image: (images, classes).
        labels: The index of the true class of each image.
    """
    counts = np.zeros((probabilities.shape[1],) * 2, int)
    np.add.at(counts, (list(labels), probabilities.argmax(axis=1)), 1)
    return counts
