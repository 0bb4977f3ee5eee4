"""Training and test images in folders, one folder per class."""
from __future__ import annotations

import collections
import copy
import os
import warnings
from typing import Any, Iterable, Literal, Mapping, Sequence

from ..errors import UsageError
from ..types import StrPath
from .check import BadImage, ImageReport, bad_images, explain_bad_images, inspect_images
from .dataset import ImageDataset
from .hub import download_extract
from .layout import Layout, find_layout
from .modes import DEFAULT_BACKGROUND
from .scan import Unused, shortlist, walk
from .split import (
    PARTS,
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
    """Training, test and perhaps validation images in the chapter's folder layout.

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
    validation images, which are the test set where there is no other; capitals do not matter. With
    validation images, or a `val_fraction`, each epoch is evaluated on these, and the best epoch is
    chosen by them. Warns if one class has 100 times as many images as another. Source: the chapter,
    section "Reading the Dataset"; docs/your-own-images.md has the rest.

    Args:
        root: The folder.
        train: Name of the folder of training images in it.
        test: Name of the folder of test images in it.
        seed: Selects the images that are split off, together with their names.
        test_fraction: Share of each class that becomes the test set, between 0 and 1.
        val_fraction: Share of the training images of each class that becomes the validation set; 0
            for none. The test set, in its folder or split off, does not depend on it.
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
        split: The paths of the training images, and of the test or validation images that were
            split off; None if none were.

    Raises:
        UsageError: If the folders cannot be trained on. Images that cannot be decoded do not count:
            `check` finds those.
    """

    def __init__(self, root: StrPath, train: str = 'train', test: str = 'test', *, seed: int = 0,
                 test_fraction: float = 0.2, val_fraction: float = 0,
                 split: SplitSource | None = None, val: str | None = None,
                 background: str = DEFAULT_BACKGROUND) -> None:
        self.root = os.path.expanduser(os.fspath(root))
        self.split = None if split is None else read_split(split)
        layout = find_layout(self.root, train, test, val,
                             with_split=self.split is not None and 'test' in self.split)
        images = ImageDataset(layout.train, background=background)
        self.classes = images.synsets
        self._reports: dict[str, ImageReport] = {}   # path -> its last inspection
        if len(self.classes) < 2:
            raise UsageError(f'only one class in {layout.train} ({self.classes[0]}): a classifier '
                             f'needs at least 2 classes, each a folder of images'
                             + _classes_below(os.path.join(layout.train, self.classes[0])))
        _warn_if_imbalanced(images)
        if self.split is not None:
            _check_split(self.split, self.root, layout)
        elif val_fraction and layout.val:
            raise UsageError(f'val_fraction is {val_fraction!r}, but {layout.val} has validation '
                             'images: omit it, or move the folder away')
        elif val_fraction or layout.test is None:
            self.split = make_split(images, self.root, seed,
                                    test_fraction if layout.test is None else None,
                                    val_fraction or None)
        parts = {'train': images}
        if self.split is not None:
            parts = apply_split(images, self.root, self.split)
        for part, folder in (('test', layout.test), ('val', layout.val)):
            if folder and part not in parts:
                parts[part] = ImageDataset(folder, self.classes, background)
        self.train, self.test, self.val = parts['train'], parts['test'], parts.get('val')
        self.notes = _notes(self.root, layout.unused, [*parts.values()], layout.notes)

    def __repr__(self) -> str:
        return f'ImageFolders({self.root!r}: {len(self.classes)} classes, {self.counts})'

    @property
    def parts(self) -> dict[str, ImageDataset]:
        """The images by the name of their part: `train`, `test`, and `val` if there are any."""
        return {'train': self.train, 'test': self.test,
                **({} if self.val is None else {'val': self.val})}

    @property
    def eval_part(self) -> Literal['test', 'val']:
        """The part that each epoch is evaluated on, and the best epoch is chosen by."""
        return 'test' if self.val is None else 'val'

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
        paths = [path for images in self.parts.values() for path, _ in images.items]
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
            UsageError: If a training class, the test set or the validation set would be empty.
        """
        paths = {item if isinstance(item, str) else item.path for item in bad}
        parts = {part: images.subset(item for item in images.items if item[0] not in paths)
                 for part, images in self.parts.items()}
        problem = empty_part(parts)
        if problem:
            count = _count_skipped(self.parts, parts)
            raise UsageError(f'{problem} left after skipping {count} unreadable '
                             f'one{"s" * (count > 1)}: add images to {self.root}')
        other = copy.copy(self)
        other.train, other.test, other.val = parts['train'], parts['test'], parts.get('val')
        if self.split is not None:
            other.split = {**self.split, **{part: relative_paths(parts[part], self.root)
                                            for part in PARTS if part in self.split}}
        return other

    def without_val(self) -> ImageFolders:
        """Return these folders without validation images, as if their folder did not exist."""
        other = copy.copy(self)
        other.val = None
        return other


def _check_split(split: Split, root: str, layout: Layout) -> None:
    if layout.test and 'test' in split:
        raise UsageError(f'split= was given, but {layout.test} exists: '
                         'omit split=, or move the test folder away')
    if not layout.test and 'test' not in split:
        raise UsageError(f'the split has no test images, and {root} no test folder: restore the '
                         'folder, or make a new split')


def _count_skipped(before: Mapping[str, ImageDataset], after: Mapping[str, ImageDataset]) -> int:
    """Count the images that the now empty training classes had, or else the empty part."""
    labels = {label for _, label in after['train'].items}
    return (sum(label not in labels for _, label in before['train'].items)
            or next(len(before[part]) for part in after if not after[part].items))


def _notes(root: str, unused: Unused, parts: Sequence[ImageDataset],
           notes: list[str]) -> list[str]:
    """Return sentences about a data set: what was decided, and what is not used of it."""
    respelled: list[str] = []
    for images in {id(part.unused): part for part in parts}.values():   # a split shares it
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
    return ImageFolders(find_root(data), **options)


def find_root(data: StrPath) -> str:
    """Return the path of a folder of images, downloaded if it is the chapter's 'hotdog'."""
    if data == 'hotdog' and not os.path.isdir(data):
        return download_extract('hotdog')
    return os.path.expanduser(os.fspath(data))


def refuse_bad_images(folders: ImageFolders, progress: bool = True) -> None:
    """Raise `UsageError` if an image of `folders` cannot be used; name the first three."""
    bad = folders.check(progress=progress)
    if bad:
        raise UsageError(explain_bad_images(
            bad, 'with --skip-bad or folders.without(folders.check())'))
