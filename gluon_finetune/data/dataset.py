"""A Gluon dataset of the labelled images in one folder."""
from __future__ import annotations

import copy
import os
from typing import Iterable, Sequence

from ..compat.imports import mx
from ..errors import UsageError
from ..files.names import look_alikes, name_problem, same_name, shown
from ..types import Array, StrPath
from .formats import EXTENSIONS, HINT, UNREADABLE
from .image import check_background, read_image
from .modes import DEFAULT_BACKGROUND
from .scan import Folder, Unused, image_files, plural, shortlist, walk


class ImageDataset(mx.gluon.data.vision.ImageFolderDataset):   # type: ignore[misc]
    """Gluon's `ImageFolderDataset`, with `read_image` as its decoder.

    Images in subfolders of a class folder belong to the class. Hidden files and folders are
    ignored, and so are files that are not images and run directories. Two spellings of a name that
    differ in Unicode's normal form are one class.

    Args:
        root: Folder with one folder of images per class.
        classes: Names of the classes; by default the sorted names of the folders.
        background: The colour behind transparent pixels.

    Attributes:
        synsets: Names of the classes.
        items: Pairs (path, label), sorted by class, with images in subfolders last. Indexing the
            dataset gives a pair of an array, (height, width, 3) uint8 RGB, and the label.
        unused: What is not used of the folder.
        background: The colour behind transparent pixels.

    Raises:
        UsageError: If there is no class, a class without images, or one that is not in `classes`,
            if the name of a folder cannot be the name of a class, or `background` is no colour.
    """

    def __init__(self, root: StrPath, classes: Sequence[str] | None = None,
                 background: str = DEFAULT_BACKGROUND) -> None:
        check_background(background)
        root = os.path.expanduser(os.fspath(root))
        self.unused, self.background = Unused(), background
        self.respelled: list[str] = []   # folders that spell the name of their class in another way
        found = self._class_images(root)
        known = {same_name(name): name for name in classes or _class_names(root, found)}
        unknown = [shown(name) for name in found if same_name(name) not in known]
        if unknown:
            raise UsageError(f'unknown class in {root}: {shortlist(unknown)}; the training classes '
                             f'are {shortlist([*known.values()], 10)}: rename or remove the folder')
        self.synsets: list[str] = [*known.values()]
        self.respelled += [name for name in found if name != known[same_name(name)]]
        labels = {name: label for label, name in enumerate(self.synsets)}
        self.items: list[tuple[str, int]] = [
            (path, labels[known[same_name(name)]]) for name in found for path in found[name]]
        self.items.sort(key=lambda item: item[1])   # two folders may be one class

    def _class_images(self, root: str) -> dict[str, list[str]]:
        """Return the images of each class folder that is not a folder of run directories."""
        folder, found = Folder(root), {}
        self.unused.runs += map(folder.join, folder.runs)
        for name in folder.files:
            self.unused.count(name)
        for name in folder.folders:
            problem = name_problem(name)
            if problem:
                raise UsageError(f'class folder {folder.join(name)!r} {problem}: rename the folder')
        for name in folder.folders:
            unused = Unused()
            images = image_files(folder.join(name), unused)
            self.unused.add(unused)
            if images:
                found[name] = images
            elif not unused.runs:
                path = folder.join(name)
                raise UsageError(f'no images in {path}: {_expected(path)}')
        if not found:
            raise UsageError(f'no classes in {root}: expected one folder of images per class, '
                             f'found {_other_files(folder.files)}')
        return found

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, idx: int) -> tuple[Array, int]:
        path, label = self.items[idx]
        return read_image(path, self.background), label

    def __mx_handle__(self) -> None:
        raise NotImplementedError   # MXNet 2 would decode with its own reader in its workers

    def subset(self, items: Iterable[tuple[str, int]]) -> ImageDataset:
        """Return a copy with these items only."""
        other = copy.copy(self)
        other.items = list(items)
        return other


def _class_names(root: str, names: Iterable[str]) -> list[str]:
    """Return the names of the classes of these folders; of two spellings the shorter, NFC."""
    same: dict[str, list[str]] = {}
    for name in names:
        same.setdefault(same_name(name), []).append(name)
    classes = [spelled[0] if len(spelled) == 1 else key for key, spelled in same.items()]
    alike = look_alikes(classes)
    if alike:
        raise UsageError(f'class folders {alike[0]!r} and {alike[1]!r} in {root} look the same: '
                         f'rename one of them, or merge them')
    return sorted(classes)


def _expected(folder: str) -> str:
    names = [os.path.relpath(each.join(name), folder) for each in walk(folder)
             for name in each.files]
    unreadable = sorted({os.path.splitext(name)[1].lower() for name in names} & {*UNREADABLE})
    hint = f'; to read {", ".join(unreadable)}: {HINT}' if unreadable else ''
    return (f'expected {", ".join(EXTENSIONS[:-1])} or {EXTENSIONS[-1]} files, found '
            f'{_other_files(names)}{hint}')


def _other_files(names: Sequence[str]) -> str:
    return f'{plural(len(names), "other file")} ({shortlist(names)})' if names else 'nothing'
