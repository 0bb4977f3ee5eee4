"""The check of an export: its outputs against those of the run's own network on real images."""
from __future__ import annotations

import os
from typing import Callable, Iterator, NamedTuple

import numpy as np

from ..compat.imports import array
from ..data.folders import ImageFolders
from ..data.image import read_pixels
from ..errors import UsageError, WorkError
from ..results.predict import BATCH_SIZE, Predictor
from ..results.run_images import Items, select_images
from ..runs.directory import RunDirectory
from ..types import NumPyArray, StrPath

MAX_IMAGES = 512
Notify = Callable[[str], object]


def silent(line: str) -> None:
    """Print nothing."""


class Reference(NamedTuple):
    """Real images, and the outputs of the run's own network for them."""

    paths: list[str]
    labels: NumPyArray    # (n,), the number of the class
    X: NumPyArray         # (n, 3, image_size, image_size), as the network takes them
    outputs: NumPyArray   # (n, classes)
    background: str       # behind transparent pixels

    def pixels(self) -> Iterator[NumPyArray]:
        """Yield each image as decoded: (height, width, 3) uint8."""
        return (read_pixels(path, self.background) for path in self.paths)


def reference_of(run: RunDirectory,
                 data: StrPath | ImageFolders | None = None) -> Reference:
    """Return up to `MAX_IMAGES` images, evenly from all classes, and the outputs for them.

    Args:
        run: A run with a completed epoch.
        data: Images as for `evaluate_run`; by default the folder that the run was trained on.

    Raises:
        UsageError: There are no images, their classes are unknown to the run, or it has no
            completed epoch.
    """
    predictor = Predictor.load(run.path)
    folder = folder_of(run) if data is None else data
    items = _readable(predictor, select_images(run, folder).items)
    if not items:
        root = folder.root if isinstance(folder, ImageFolders) else os.fspath(folder)
        raise UsageError(f'{root} has no readable images to check the export with: '
                         f'name a folder of images of the same classes with --data')
    X = np.stack([X for _, _, X in items])
    outputs = [predictor.net(array(batch)).asnumpy() for batch in batches_of(X)]
    return Reference([path for path, _, _ in items], np.array([label for _, label, _ in items]), X,
                     np.concatenate(outputs), predictor.background)


def folder_of(run: RunDirectory) -> str:
    """Return the folder of images that a run was trained on.

    Raises:
        UsageError: It is not known, or there is none any more.
    """
    if run.data is None:
        raise UsageError(f'{run.path} has no note of the folder of its images: name it with '
                         f'--data, to check the export')
    if not os.path.isdir(run.data):
        raise UsageError(f'the images of {run.path} are no longer in {run.data}: name a folder '
                         f'with images of the same classes with --data, to check the export')
    return run.data


def check_outputs(kind: str, reference: Reference, outputs: NumPyArray, tolerance: float,
                  notify: Notify = silent) -> None:
    """Compare the outputs of an export with those of the run's own network.

    Args:
        kind: The export, for messages.
        reference: The images, and the outputs of the run's own network.
        outputs: Those of the export, (n, classes).
        tolerance: The largest difference allowed, as a share of the largest output.
        notify: Called with a line that has the difference.

    Raises:
        WorkError: It is larger than that.
    """
    difference = largest_difference(reference.outputs, outputs)
    found = (f'{kind}: largest difference from the network of the run {difference:.1e} of its '
             f'largest output, on {len(outputs)} images')
    if not difference <= tolerance:   # neither is a NaN
        raise WorkError(f'{found}: more than the tolerance of {tolerance:g}, nothing was written')
    notify(f'{found} (tolerance {tolerance:g})')


def check_accuracy(kind: str, reference: Reference, outputs: NumPyArray,
                   notify: Notify = silent) -> None:
    """Check that an export with rounded weights loses at most one point of accuracy.

    Raises:
        WorkError: It loses more, and more than one image.
    """
    before, after = (int((rows.argmax(axis=1) == reference.labels).sum())
                     for rows in (reference.outputs, outputs))
    count = len(outputs)
    found = (f'{kind}: accuracy {after / count:.3f}, float32 {before / count:.3f}, on {count} '
             f'images; largest difference {largest_difference(reference.outputs, outputs):.1e} of '
             f'the largest output')
    if before - after > max(1, count // 100):
        raise WorkError(f'{found}: more than one point is lost, nothing was written')
    notify(found)


def batches_of(X: NumPyArray) -> Iterator[NumPyArray]:
    """Yield the batches of an array (n, ...)."""
    return (X[i:i + BATCH_SIZE] for i in range(0, len(X), BATCH_SIZE))


def largest_difference(expected: NumPyArray, outputs: NumPyArray) -> float:
    """Return the largest absolute difference as a share of the largest expected output."""
    return float(abs(outputs - expected).max() / abs(expected).max())


def _readable(predictor: Predictor, items: Items) -> list[tuple[str, int, NumPyArray]]:
    """Return (path, label, X) of evenly chosen images that can be decoded."""
    chosen = []
    for path, label in items[::max(-(-len(items) // MAX_IMAGES), 1)]:
        X = np.empty((3, predictor.image_size, predictor.image_size), 'float32')
        try:
            predictor.augs.apply(read_pixels(path, predictor.background), None, X)
        except UsageError:
            continue
        chosen.append((path, label, X))
    return chosen
