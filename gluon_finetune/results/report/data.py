"""The images of a run in the report: likely label errors, copies, and what is gone or skipped."""
from __future__ import annotations

from typing import Container, NamedTuple

from ...data.check import BadImage
from ...data.duplicates import Finding, find_copies, find_leaks
from ...data.folders import ImageFolders
from ...runs.directory import RunDirectory
from ..metrics import likely_label_errors
from ..predict import Predictor
from ..predictions import Predictions, predict_labelled
from .images import Card, Cards

MAX_TRAINING_IMAGES = 2000   # for label errors: beyond, predicting them takes too long
MAX_LISTED = 200             # groups of equal files of a kind


class LabelErrors(NamedTuple):
    """The likely label errors of a part."""

    part: str              # 'test' or 'training'
    images: int            # that were examined
    errors: int            # number of likely errors
    shown: list[Card]      # the likeliest of them


class HashedFolders(ImageFolders):
    """The images that a run was started with, and the hashes that they had then."""

    def __init__(self, original: ImageFolders, hashes: dict[str, str]) -> None:
        vars(self).update(vars(original))
        self._known = hashes

    def hashes(self, progress: bool = True) -> dict[str, str]:
        """Return path -> SHA-256 without reading an image."""
        return self._known

    def check(self, progress: bool = True) -> list[BadImage]:
        """Return nothing: the run has decoded every image when it was started."""
        return []


class Copies(NamedTuple):
    """Images with equal bytes."""

    findings: list[Finding]
    leaks: dict[str, str]   # path of a test image -> that of its copy


def copies(run: RunDirectory, original: ImageFolders) -> Copies:
    """Return the copies among the images that a run was started with."""
    hashes = run.manifest.hashes(original.root)
    images = HashedFolders(original, hashes) if hashes else original   # of an older run
    return Copies(find_copies(images, drop_leaks=run.config.drop_leaks), find_leaks(images))


def label_errors(predictor: Predictor, test: Predictions, folders: ImageFolders,
                 shown: int) -> list[LabelErrors]:
    """Return the likely label errors of the test images and, of few, of the training images."""
    found = [_label_errors('test', predictor, test, folders, shown)]
    if len(folders.train) <= MAX_TRAINING_IMAGES:
        train = predict_labelled(predictor, folders.train.items)
        if train.paths:
            found.append(_label_errors('training', predictor, train, folders, shown))
    return found


def _label_errors(part: str, predictor: Predictor, predictions: Predictions,
                  folders: ImageFolders, shown: int) -> LabelErrors:
    errors = likely_label_errors(predictions.probabilities, predictions.labels)
    cards = Cards(predictor, predictions, folders).make_suspects(errors[:shown])
    return LabelErrors(part, len(predictions.paths), len(errors), cards)


def gone_images(original: ImageFolders, folders: ImageFolders, predictions: Predictions,
                skipped: Container[str]) -> dict[str, str]:
    """Return path -> reason of the `original` test images that cannot be used any more.

    Those that training has `skipped` already are not among them.
    """
    there = {path for path, _ in folders.test.items}
    gone = {path: 'is gone' for path, _ in original.test.items
            if path not in there and path not in skipped}
    return {**gone, **predictions.unreadable}


def counts(folders: ImageFolders) -> list[tuple[str, int]]:
    """Return the number of images of each part."""
    parts = [('training', folders.train), ('validation', folders.val), ('test', folders.test)]
    return [(name, len(images)) for name, images in parts if images is not None]
