"""The verdict of a run: its accuracy, how certain that is, and how the best epoch was chosen."""
from __future__ import annotations

from typing import Collection, NamedTuple

import numpy as np

from ...runs.directory import RunDirectory
from ...training.history import History, Record
from ...types import NumPyArray
from ..metrics import Interval, wilson_interval
from ..predictions import Predictions


class Share(NamedTuple):
    """A number of images that are classified correctly, of how many, and its 95% interval."""

    right: int
    total: int
    interval: Interval

    @property
    def value(self) -> float:
        """The share, from 0 to 1."""
        return self.right / self.total


class Verdict(NamedTuple):
    """What the page says first."""

    accuracy: Share
    choice: str                  # how the best epoch was chosen, a sentence
    most_frequent: str           # the class with most test images
    always_that: float           # accuracy of a network that always predicts it
    new: Share | None            # on the test images that are no copies of training images
    baseline: Record | None      # the best epoch of the scratch baseline


def judge(run: RunDirectory, predictions: Predictions, leaks: Collection[str],
          baseline: History | None) -> Verdict:
    """Return the verdict.

    Args:
        run: The run.
        predictions: Those of its test images.
        leaks: Paths of test images that are copies of training images.
        baseline: The history of the scratch baseline, where there is one.
    """
    counts = np.bincount(predictions.labels, minlength=len(run.classes))
    is_new = np.array([path not in leaks for path in predictions.paths])
    new = None if is_new.all() or not is_new.any() else share(predictions.correct[is_new])
    return Verdict(share(predictions.correct), describe_choice(run.history),
                   run.classes[int(counts.argmax())], float(counts.max() / counts.sum()), new,
                   baseline.best if baseline else None)


def share(which: NumPyArray) -> Share:
    """Return the share of the images for which `which` is true."""
    right, total = int(which.sum()), len(which)
    return Share(right, total, wilson_interval(right, total))


def describe_choice(history: History) -> str:
    """Say how the epoch of the weights was chosen, and what that means for the accuracy."""
    best = history.best
    if len(history) == 1:
        return 'The weights are those of the only epoch: none was chosen.'
    epoch = f'The weights are those of epoch {best.epoch} of {len(history)}, chosen'
    if getattr(best, 'is_validated', False):
        return f'{epoch} on the validation images.'
    return (f'{epoch} on the test images: on new images the accuracy is likely to be a little '
            f'lower.')
