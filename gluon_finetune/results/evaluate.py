"""Accuracy and confusion matrix of a trained run on labelled images."""
from __future__ import annotations

from typing import Callable, NamedTuple, Optional

import numpy as np

from ..data.check import BadImage, explain_bad_images, hash_images
from ..data.folders import ImageFolders
from ..errors import UsageError
from ..runs.directory import RunDirectory
from ..types import NumPyArray, StrPath
from .metrics import confusion
from .predict import BATCH_SIZE, Predictor
from .run_images import Items, select_images

SkipBad = Optional[Callable[[BadImage], object]]


class Evaluation(NamedTuple):
    """The result of `evaluate_run`."""

    accuracy: float
    confusion: NumPyArray     # (true class, predicted class): number of images
    classes: list[str]        # the names of its rows and columns
    images: int
    is_test_part: bool = False            # the images that the run has for testing, no others
    trained_on: tuple[str, ...] = ()      # paths of images that the run was trained on
    new_accuracy: float | None = None     # on the other images; None if there are none
    skipped: tuple[BadImage, ...] = ()


def evaluate_run(run: StrPath, data: StrPath | ImageFolders, dtype: str = 'float32', *,
                 skip_bad: SkipBad = None) -> Evaluation:
    """Classify labelled images with the best network of a run.

    In the folder of the run, these are its test part. In any other, all images: those in `test/`,
    or where there is none, those of all class folders. Classes may be missing. Images that the run
    was trained on are recognised by their SHA-256.

    Args:
        run: The run directory.
        data: A folder, 'hotdog', or `ImageFolders`.
        dtype: Compute precision, as in `Predictor.load`.
        skip_bad: Called with each image that cannot be decoded, which is then skipped; None: they
            are an error.

    Raises:
        UsageError: For classes other than those of the run, an unreadable image, and as
            `Predictor.load`.
    """
    predictor, directory = Predictor.load(run, dtype), RunDirectory.open(run)
    selected = select_images(directory, data)
    items, rows, bad = predict_items(predictor, selected.items)
    if bad and skip_bad is None:
        raise UsageError(explain_bad_images(bad, 'with --skip-bad or skip_bad='))
    for image in bad:
        if skip_bad:
            skip_bad(image)
    if not items:
        where = data.root if isinstance(data, ImageFolders) else data
        raise UsageError(f'no images to evaluate {run} on are left in {where}')
    correct = rows.argmax(axis=1) == [label for _, label in items]
    seen = _are_trained_on(directory, items)
    return Evaluation(
        float(correct.mean()), confusion(rows, [label for _, label in items]), predictor.classes,
        len(items), selected.is_test_part,
        tuple(path for (path, _), is_seen in zip(items, seen) if is_seen),
        None if seen.all() else float(correct[~seen].mean()), tuple(bad))


def predict_items(predictor: Predictor,
                  items: Items) -> tuple[Items, NumPyArray, list[BadImage]]:
    """Return the items that can be read, their probabilities, and the other images."""
    paths, rows, bad = [path for path, _ in items], {}, []
    for path, answer in predictor.stream(
            paths[i:i + BATCH_SIZE] for i in range(0, len(paths), BATCH_SIZE)):
        if isinstance(answer, BadImage):
            bad.append(answer)
        else:
            rows[path] = answer
    return [item for item in items if item[0] in rows], np.array(list(rows.values())), bad


def _are_trained_on(run: RunDirectory, items: Items) -> NumPyArray:
    """Return for each image whether one with the same bytes was trained on."""
    hashes = {sha256 for (part, _, _), sha256 in run.manifest.items() if part == 'train'} - {''}
    if not hashes:
        return np.zeros(len(items), bool)
    return np.array([sha256 in hashes for sha256 in hash_images([path for path, _ in items])])
