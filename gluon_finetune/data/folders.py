"""Training and test images in folders, one folder per class."""
from __future__ import annotations

import collections
import copy
import os
import warnings
from typing import Any, Iterable, Sequence

from ..errors import UsageError
from ..types import StrPath
from .check import BadImage, ImageReport, bad_images, explain_bad_images, inspect_images
from .dataset import ImageDataset
from .hub import download_extract
from .layout import find_layout
from .modes import DEFAULT_BACKGROUND
from .scan import Unused, shortlist, walk
from .split import (
    Split,
    SplitSource,
    apply_split,
    empty_part,
    make_split,
    read_split,
    relative_paths,
)

IMBALANCE_RATIO = 100   # largest to smallest class; a warning from here on


class ImageFolders:
    """Training and test images in the chapter's folder layout.

    ::

        chairs/
            train/
                armchair/   0001.jpg  0002.png  ...
                stool/      a.jpeg  b.JPG  ...
            test/
                armchair/   ...
                stool/      ...

    A test image has the label of its folder's name in training; `test` may lack a class. Images may
    lie in subfolders of the class folders. Without a folder `test/`, `test_fraction` of each class
    becomes the test set; `train/` may then be missing too. `val/`, `valid/` or `validation/` has
    validation images, which are the test set where there is no other; capitals do not matter. Warns
    if one class has 100 times as many images as another. Source: the chapter, section "Reading the
    Dataset"; docs/your-own-images.md has the rest.

    Args:
        root: The folder.
        train: Name of the folder of training images in it.
        test: Name of the folder of test images in it.
        seed: Selects the images that become the test set, together with their names.
        test_fraction: Share of each class that becomes the test set, between 0 and 1.
        split: A split to use again: the attribute `split`, or a JSON file that contains it.
        val: Name of the folder of validation images in it; by default one of the usual names.
        background: The colour behind transparent pixels, such as 'white' or '#808080'.

    Attributes:
        classes: Sorted names of the folders in `train`.
        train: Training images, a Gluon dataset for `transform_first`: an item is a pair of an
            array, (height, width, 3) uint8 RGB, and an int label.
        test: Test images, like `train`.
        val: Validation images, like `train`; None if there are none beside the test images.
        notes: Sentences about what is not used of the folder, and what was decided for it.
        split: The paths of the training and the test images, None if there is a folder `test/`.

    Raises:
        UsageError: If the folders cannot be trained on. Images that cannot be decoded do not count:
            `check` finds those.
    """

    def __init__(self, root: StrPath, train: str = 'train', test: str = 'test', *, seed: int = 0,
                 test_fraction: float = 0.2, split: SplitSource | None = None,
                 val: str | None = None, background: str = DEFAULT_BACKGROUND) -> None:
        self.root = os.path.expanduser(os.fspath(root))
        layout = find_layout(self.root, train, test, val, with_split=split is not None)
        test_root = layout.test
        images = ImageDataset(layout.train, background=background)
        self.classes = images.synsets
        self._reports: dict[str, ImageReport] = {}   # path -> its last inspection
        if len(self.classes) < 2:
            raise UsageError(f'only one class in {layout.train} ({self.classes[0]}): a classifier '
                             f'needs at least 2 classes, each a folder of images'
                             + _classes_below(os.path.join(layout.train, self.classes[0])))
        _warn_if_imbalanced(images)
        self.val = ImageDataset(layout.val, self.classes, background) if layout.val else None
        self.split: Split | None = None
        if test_root is None:
            self.split = (make_split(images, self.root, seed, test_fraction) if split is None
                          else read_split(split))
            self.train, self.test = apply_split(images, self.root, self.split)
        elif split is None:
            self.train = images
            self.test = ImageDataset(test_root, self.classes, background)
        else:
            raise UsageError(f'split= was given, but {test_root} exists: '
                             'omit split=, or move the test folder away')
        self.notes = _notes(self.root, layout.unused, [self.train, self.test, self.val],
                            layout.notes)

    def __repr__(self) -> str:
        return f'ImageFolders({self.root!r}: {len(self.classes)} classes, {self.counts})'

    @property
    def counts(self) -> str:
        """The number of images of each part, such as '24 training and 12 test images'."""
        val = '' if self.val is None else f', {len(self.val)} validation'
        return f'{len(self.train)} training{val} and {len(self.test)} test images'

    def check(self, progress: bool = True) -> list[BadImage]:
        """Decode every image; files that passed before and have not changed are not read again.

        Args:
            progress: Whether to show a progress bar.

        Returns:
            A `BadImage(path, reason)` for each image that cannot be used; [] if there is none.
        """
        return bad_images(self._inspect(progress))

    def hashes(self, progress: bool = True) -> dict[str, str]:
        """Return path -> SHA-256 of every image, read in the same pass as by `check`.

        The hash is in hexadecimal, and '' for a file that cannot be read.
        """
        return {report.path: report.sha256 for report in self._inspect(progress)}

    def without_contrast(self, progress: bool = True) -> list[str]:
        """Return the paths of images of one colour, which nothing can be learned from.

        They are decoded in the same pass as by `check`.
        """
        return [report.path for report in self._inspect(progress) if not report.contrast]

    def _inspect(self, progress: bool) -> list[ImageReport]:
        parts = [self.train, self.test] + ([self.val] if self.val is not None else [])
        paths = [path for images in parts for path, _ in images.items]
        changed = [path for path in paths
                   if path not in self._reports or not self._reports[path].is_current()]
        if changed:
            reports = inspect_images(changed, progress, self.train.background)
            self._reports.update(zip(changed, reports))
        return [self._reports[path] for path in paths]

    def without(self, bad: Iterable[str | BadImage]) -> ImageFolders:
        """Return these folders without some of their images.

        Args:
            bad: Paths of images, or the result of `check`.

        Raises:
            UsageError: If a training class or the test set would be empty.
        """
        paths = {item if isinstance(item, str) else item.path for item in bad}
        other = copy.copy(self)
        other.train, other.test = (_without(images, paths) for images in (self.train, self.test))
        if self.val is not None:   # without images there is nothing to validate on
            other.val = _without(self.val, paths) if _without(self.val, paths).items else None
        problem = empty_part(other.train, other.test)
        if problem:
            count = _count_skipped(self, other)
            raise UsageError(f'{problem} left after skipping {count} unreadable '
                             f'one{"s" * (count > 1)}: add images to {self.root}')
        if self.split is not None:
            other.split = {**self.split, 'train': relative_paths(other.train, self.root),
                           'test': relative_paths(other.test, self.root)}
        return other


def _count_skipped(before: ImageFolders, after: ImageFolders) -> int:
    """Count the images that the now empty training classes had, or else the test set."""
    labels = {label for _, label in after.train.items}
    return (sum(label not in labels for _, label in before.train.items)
            or len(before.test.items))


def _without(images: ImageDataset, paths: set[str]) -> ImageDataset:
    return images.subset(item for item in images.items if item[0] not in paths)


def _notes(root: str, unused: Unused, parts: Sequence[ImageDataset | None],
           notes: list[str]) -> list[str]:
    """Return sentences about a data set: what was decided, and what is not used of it."""
    respelled: list[str] = []
    datasets = [part for part in parts if part is not None]
    for images in {id(part.unused): part for part in datasets}.values():   # a split has it twice
        unused.add(images.unused)
        respelled += images.respelled
    if respelled:
        names = shortlist([ascii(name) for name in dict.fromkeys(respelled)])
        notes = [*notes, f'class names in {root} are spelled in two ways that look the same, and '
                         f'taken as one ({names})']
    return [*notes, *unused.sentences(root)]


def _classes_below(folder: str) -> str:
    """Return a hint for a folder whose only class folder has class folders itself, else ''."""
    if not os.path.isdir(folder):
        return ''
    names = next(walk(folder)).folders
    return f'; or use {folder}, if these are: {shortlist(names)}' if len(names) > 1 else ''


def _warn_if_imbalanced(images: ImageDataset) -> None:
    counts = collections.Counter(images.synsets[label] for _, label in images.items)
    (largest, n), (smallest, m) = counts.most_common()[0], counts.most_common()[-1]
    if n >= IMBALANCE_RATIO * m:
        warnings.warn(f'imbalanced classes: {n} images of {largest!r}, {m} of {smallest!r}; a net '
                      f'that always predicts {largest!r} would seem accurate: add images of '
                      f'{smallest!r}', stacklevel=3)


def hotdog(**options: Any) -> ImageFolders:
    """Download the chapter's hot dog data set: 1,400 images with a hot dog and 1,400 without.

    Source: the chapter, section "Reading the Dataset".

    Args:
        **options: Passed on to `ImageFolders`.

    Raises:
        UsageError: As `ImageFolders` does.
        WorkError: If the download fails.
    """
    return ImageFolders(download_extract('hotdog'), **options)


def open_folders(data: StrPath, **options: Any) -> ImageFolders:
    """Return `ImageFolders(data, **options)`; for 'hotdog', unless a folder is called so, `hotdog`.

    Raises as these do.
    """
    if data == 'hotdog' and not os.path.isdir(data):
        return hotdog(**options)
    return ImageFolders(data, **options)


def refuse_bad_images(folders: ImageFolders, progress: bool = True) -> None:
    """Raise `UsageError` if an image of `folders` cannot be used; name the first three."""
    bad = folders.check(progress=progress)
    if bad:
        raise UsageError(explain_bad_images(
            bad, 'with --skip-bad or folders.without(folders.check())'))
