"""A Gluon dataset of the labelled images in one folder."""
from __future__ import annotations

import copy
import os
from typing import Iterable, Sequence

from ..compat.imports import mx
from ..errors import UsageError
from ..types import Array, StrPath
from .image import EXTENSIONS, read_image

# Folders that archive programs and file servers add; hidden ones are ignored anyway.
_IGNORED_FOLDERS = ('__MACOSX', '@eaDir')


class ImageDataset(mx.gluon.data.vision.ImageFolderDataset):   # type: ignore[misc]
    """Gluon's `ImageFolderDataset`, with `read_image` as its decoder.

    Hidden files and folders are ignored, and so are files that are not images.

    Args:
        root: Folder with one folder of images per class.
        classes: Names of the classes; by default the sorted names of the folders.

    Attributes:
        synsets: Names of the classes.
        items: Sorted pairs (path, label). Indexing the dataset gives a pair of an array, (height,
            width, 3) uint8 RGB, and the label.

    Raises:
        UsageError: If there is no class, a class without images, or one that is not in `classes`.
    """

    def __init__(self, root: StrPath, classes: Sequence[str] | None = None) -> None:
        root = os.path.expanduser(os.fspath(root))
        found = _class_folders(root)
        self.synsets: list[str] = list(classes or found)
        unknown = [name for name in found if name not in self.synsets]
        if unknown:
            raise UsageError(f'unknown class in {root}: {shortlist(unknown)}; the training classes '
                             f'are {shortlist(self.synsets, 10)}: rename or remove the folder')
        self.items: list[tuple[str, int]] = [
            (path, self.synsets.index(name))
            for name in found for path in _image_files(os.path.join(root, name))]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, idx: int) -> tuple[Array, int]:
        path, label = self.items[idx]
        return read_image(path), label

    def __mx_handle__(self) -> None:
        raise NotImplementedError   # MXNet 2 would decode with its own reader in its workers

    def subset(self, items: Iterable[tuple[str, int]]) -> ImageDataset:
        """Return a copy with these items only."""
        other = copy.copy(self)
        other.items = list(items)
        return other


def shortlist(names: Sequence[str], limit: int = 3) -> str:
    """Join the first `limit` names for a message, such as 'a, b, c, ...'."""
    return ', '.join(names[:limit]) + ', ...' * (len(names) > limit)


def _class_folders(root: str) -> list[str]:
    names = _visible_entries(root)
    folders = [name for name in names
               if os.path.isdir(os.path.join(root, name)) and name not in _IGNORED_FOLDERS]
    if not folders:
        raise UsageError(f'no classes in {root}: expected one folder of images per class, '
                         f'found {_other_files(names)}')
    return folders


def _image_files(folder: str) -> list[str]:
    names = _visible_entries(folder)
    paths = [os.path.join(folder, name) for name in names
             if os.path.splitext(name)[1].lower() in EXTENSIONS]
    paths = [path for path in paths if not os.path.isdir(path)]
    if not paths:
        raise UsageError(f'no images in {folder}: expected {", ".join(EXTENSIONS[:-1])} or '
                         f'{EXTENSIONS[-1]} files, found {_other_files(names)}')
    return paths


def _visible_entries(folder: str) -> list[str]:
    """Return the sorted names that are not hidden; the file system's order is arbitrary."""
    return sorted(name for name in os.listdir(folder) if not name.startswith('.'))


def _other_files(names: Sequence[str]) -> str:
    if not names:
        return 'nothing'
    return f'{len(names)} other file{"s" * (len(names) > 1)} ({shortlist(names)})'
