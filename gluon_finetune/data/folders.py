"""Training and test images in folders, one folder per class."""
from __future__ import annotations

import collections
import copy
import os
import warnings
from typing import Any, Iterable

from ..errors import UsageError
from ..types import StrPath
from .check import BadImage, ImageReport, bad_images, inspect_images
from .dataset import ImageDataset
from .hub import download_extract
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

    A test image has the label of its folder's name in training; `test` may lack a class. Without a
    folder `test/`, `test_fraction` of each class becomes the test set; `train/` may then be missing
    too. Warns if one class has 100 times as many images as another. Source: the chapter, section
    "Reading the Dataset".

    Args:
        root: The folder.
        train: Name of the folder of training images in it.
        test: Name of the folder of test images in it.
        seed: Selects the images that become the test set, together with their names.
        test_fraction: Share of each class that becomes the test set, between 0 and 1.
        split: A split to use again: the attribute `split`, or a JSON file that contains it.

    Attributes:
        classes: Sorted names of the folders in `train`.
        train: Training images, a Gluon dataset for `transform_first`: an item is a pair of an
            array, (height, width, 3) uint8 RGB, and an int label.
        test: Test images, like `train`.
        split: The paths of the training and the test images, None if there is a folder `test/`.

    Raises:
        UsageError: If the folders cannot be trained on. Images that cannot be decoded do not count:
            `check` finds those.
    """

    def __init__(self, root: StrPath, train: str = 'train', test: str = 'test', *, seed: int = 0,
                 test_fraction: float = 0.2, split: SplitSource | None = None) -> None:
        self.root = os.path.expanduser(os.fspath(root))
        train_root, test_root = _train_and_test_roots(self.root, train, test)
        images = ImageDataset(train_root)
        self.classes = images.synsets
        self._reports: dict[str, ImageReport] = {}   # path -> its last inspection
        if len(self.classes) < 2:
            raise UsageError(f'only one class in {train_root} ({self.classes[0]}): '
                             'a classifier needs at least 2 classes, each a folder of images')
        _warn_if_imbalanced(images)
        self.split: Split | None = None
        if test_root is None:
            self.split = (make_split(images, self.root, seed, test_fraction) if split is None
                          else read_split(split))
            self.train, self.test = apply_split(images, self.root, self.split)
        elif split is None:
            self.train, self.test = images, ImageDataset(test_root, self.classes)
        else:
            raise UsageError(f'split= was given, but {test_root} exists: '
                             'omit split=, or move the test folder away')

    def __repr__(self) -> str:
        return (f'ImageFolders({self.root!r}: {len(self.classes)} classes, '
                f'{len(self.train)} training and {len(self.test)} test images)')

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

    def _inspect(self, progress: bool) -> list[ImageReport]:
        paths = [path for path, _ in self.train.items + self.test.items]
        changed = [path for path in paths
                   if path not in self._reports or not self._reports[path].is_current()]
        if changed:
            self._reports.update(zip(changed, inspect_images(changed, progress)))
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
        other.train, other.test = (
            images.subset(item for item in images.items if item[0] not in paths)
            for images in (self.train, self.test))
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


def _train_and_test_roots(root: str, train: str, test: str) -> tuple[str, str | None]:
    """Return the folders with the classes; None for a test set that is to be split off."""
    _check_folder(root)
    train_root, test_root = os.path.join(root, train), os.path.join(root, test)
    if not os.path.isdir(train_root) and train == 'train' and not os.path.isdir(test_root):
        train_root = root   # the class folders are directly in it
    _check_folder(train_root)
    if os.path.isdir(test_root):
        return train_root, test_root
    if test != 'test':
        _check_folder(test_root)   # it was asked for by name
    return train_root, None


def _check_folder(path: str) -> None:
    if not os.path.isdir(path):
        problem = f'{path} is a file' if os.path.exists(path) else f'no such folder: {path}'
        raise UsageError(f'{problem}: expected a folder with train/<class>/ and test/<class>/, '
                         'or with one folder of images per class')


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
