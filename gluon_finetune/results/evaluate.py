"""Accuracy and confusion matrix of a trained run on the test images of a data set."""
from __future__ import annotations

from typing import NamedTuple

from ..data.folders import ImageFolders
from ..errors import UsageError
from ..types import NumPyArray, StrPath
from .metrics import confusion
from .predict import Predictor


class Evaluation(NamedTuple):
    """The result of `evaluate_run`."""

    accuracy: float
    confusion: NumPyArray     # (true class, predicted class): number of images
    classes: list[str]        # the names of its rows and columns
    images: int


def evaluate_run(run: StrPath, folders: ImageFolders, dtype: str = 'float32') -> Evaluation:
    """Classify the test images of `folders` with the best network of a run.

    Args:
        run: The run directory.
        folders: A data set with the classes of the run.
        dtype: Compute precision, as in `Predictor.load`.

    Raises:
        UsageError: For other classes, an image that cannot be decoded, and as `Predictor.load`.
    """
    predictor = Predictor.load(run, dtype)
    if folders.classes != predictor.classes:
        raise UsageError(f'{folders.root} has the classes {", ".join(folders.classes)}, the run '
                         f'{run} has {", ".join(predictor.classes)}: evaluate it on images of the '
                         f'same classes')
    paths, labels = zip(*folders.test.items)
    counts = confusion(predictor.probabilities(paths), labels)
    accuracy = float(counts.trace() / counts.sum())
    return Evaluation(accuracy, counts, predictor.classes, len(paths))
