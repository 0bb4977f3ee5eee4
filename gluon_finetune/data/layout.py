"""Which folders of a data set have its training, validation and test images."""
from __future__ import annotations

import os
from typing import NamedTuple

from ..errors import UsageError
from .scan import Folder, Unused, count_images, plural, walk

# Usual names; the first is the chapter's. Capitals do not matter.
_TRAIN, _TEST, _VAL = ('train', 'training'), ('test', 'testing'), ('val', 'valid', 'validation')


class Layout(NamedTuple):
    """The folders with the classes of each part of a data set.

    Without `test`, test images are to be split off. `notes` are sentences about what was decided.
    """

    train: str
    test: str | None
    val: str | None
    notes: list[str]
    unused: Unused


def find_layout(root: str, train: str = 'train', test: str = 'test', val: str | None = None,
                with_split: bool = False) -> Layout:
    """Return the parts of the data set in `root`.

    Args:
        root: The folder.
        train: Name of the folder of training images in it.
        test: Name of the folder of test images in it.
        val: Name of the folder of validation images; by default one with a usual name.
        with_split: Whether a split of the training images is given, instead of a test folder.

    Raises:
        UsageError: If a folder is missing.
    """
    check_folder(root)
    if (train, test, val) == ('train', 'test', None):
        return _usual_layout(root, with_split)
    paths = [os.path.join(root, name) for name in (train, test)]
    if train == 'train' and not any(map(os.path.isdir, paths)):
        paths[0] = root   # the class folders are directly in it
    check_folder(paths[0])
    if test != 'test':
        check_folder(paths[1])   # it was asked for by name
    val_path = val and os.path.join(root, val)
    if val_path:
        check_folder(val_path)
    return Layout(paths[0], paths[1] if os.path.isdir(paths[1]) else None, val_path, [], Unused())


def check_folder(path: str) -> None:
    """Raise `UsageError` unless `path` is a folder."""
    if not os.path.isdir(path):
        problem = f'{path} is a file' if os.path.exists(path) else f'no such folder: {path}'
        raise UsageError(f'{problem}: expected a folder with train/<class>/ and test/<class>/, '
                         'or with one folder of images per class')


def _usual_layout(root: str, with_split: bool) -> Layout:
    folder = Folder(root)
    train, test, val = (_named(folder, names) for names in (_TRAIN, _TEST, _VAL))
    others = [path for path in map(folder.join, folder.folders) if path not in (train, test, val)]
    if not train and not test:
        return Layout(root, None, None, [], Unused())
    parts = [path for path in (train, test) if path]
    if not any(map(_has_folders, parts)) and any(map(count_images, others)):
        return Layout(root, None, None, [
            f'{path}: taken as a class like the other folders in {root}, because it has no class '
            f'folders' for path in parts], Unused())
    check_folder(train or folder.join(_TRAIN[0]))
    notes: list[str] = []
    test, val = (path and _labelled(path, notes) for path in (test, val))
    if val and not test:
        if not with_split:
            notes.append(f'no test folder in {root}: the images in {val} are the test set')
        test, val = None if with_split else val, None
    return Layout(train or root, test, val, notes, _unused(folder, others))


def _named(folder: Folder, names: tuple[str, ...]) -> str | None:
    """Return the path of the folder with one of these names, lower case before capitals."""
    found = [name for wanted in names
             for name in sorted(folder.folders, reverse=True) if name.lower() == wanted]
    return folder.join(found[0]) if found else None


def _has_folders(path: str) -> bool:
    return bool(Folder(path).folders)


def _labelled(path: str, notes: list[str]) -> str | None:
    """Return `path`; None if the images in it are not in class folders, and note that."""
    count = 0 if _has_folders(path) else count_images(path)
    if count:
        notes.append(f'not used: {plural(count, "image")} in {path}, not in class folders')
    return None if count else path


def _unused(folder: Folder, others: list[str]) -> Unused:
    """Return what lies in the folder beside the parts of the data set."""
    unused = Unused(runs=[*map(folder.join, folder.runs)])
    for name in folder.files:
        unused.count(name)
    for path in others:
        count = count_images(path)
        if count:
            unused.folders.append(f'{path}: {plural(count, "image")}')
            continue
        for each in walk(path):
            unused.runs += map(each.join, each.runs)
            for name in each.files:
                unused.count(name)
    return unused
