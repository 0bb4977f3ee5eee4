"""Splits of labelled images into a training and a test set."""
from __future__ import annotations

import hashlib
import os
from typing import Any, Mapping, Union, cast

from ..errors import UsageError
from ..files.json import read_json
from ..types import StrPath
from .dataset import ImageDataset
from .equal_files import equal_files
from .scan import shortlist
from .test_images import choose_test_images

PARTS = ('train', 'test')
MAX_FILE_BYTES = 1 << 26   # the paths of a million images

Split = Mapping[str, Any]   # 'train' and 'test': lists of paths; other keys are ignored
SplitSource = Union[Split, StrPath]


def make_split(images: ImageDataset, root: str, seed: int, test_fraction: float) -> Split:
    """Split off a fraction of each class for testing, with at least one image on either side.

    Images are ordered by the hash of their path and the seed: the split is the same on every
    machine, and images that are added later move no others. Images with equal bytes stay on one
    side, whatever their names and classes are.

    Args:
        images: The images of all classes.
        root: Folder that the paths of the split are relative to.
        seed: Number that selects one of many splits.
        test_fraction: Share of each class, between 0 and 1.

    Returns:
        A dict of `seed`, `test_fraction`, and `train` and `test`: lists of paths with slashes.

    Raises:
        UsageError: If the fraction is out of range, a class has fewer than two images, or no class
            has two that differ.
    """
    if not 0 < test_fraction < 1:
        raise UsageError(f'test_fraction is {test_fraction!r}: '
                         'it must be between 0 and 1, such as 0.2')
    paths = relative_paths(images, root)
    members: list[list[str]] = [[] for _ in images.synsets]
    for path, (_, label) in zip(paths, images.items):
        members[label].append(path)
    for name, names in zip(images.synsets, members):
        if len(names) < 2:
            raise UsageError(f'class {name!r} has only one image ({names[0]}): a split into '
                             'training and test images needs at least 2 per class')
        names.sort(key=lambda path: hashlib.sha256(f'{seed}/{path}'.encode()).digest())
    relative = {path: name for (path, _), name in zip(images.items, paths)}
    copies = [[relative[path] for path in group] for group in equal_files(list(relative))]
    test = choose_test_images(members, test_fraction, copies)
    if not test:
        raise UsageError(f'the images of each class in {root} are copies of one: a split into '
                         'training and test images needs at least 2 that differ')
    return {'seed': seed, 'test_fraction': test_fraction,
            'train': [path for path in paths if path not in test],
            'test': [path for path in paths if path in test]}


def read_split(split: SplitSource) -> Split:
    """Return a split, given as a dict or as the path of a JSON file.

    Raises:
        UsageError: If it does not have the lists `train` and `test` of paths.
    """
    if not isinstance(split, dict):
        split = read_json(cast(StrPath, split), MAX_FILE_BYTES)
    if not isinstance(split, dict) or not all(_is_path_list(split.get(part)) for part in PARTS):
        raise UsageError('invalid split: expected a dict with the lists `train` and `test` of '
                         'paths')
    return split


def _is_path_list(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(path, str) for path in value)


def apply_split(images: ImageDataset, root: str,
                split: SplitSource) -> tuple[ImageDataset, ImageDataset]:
    """Return the training and the test images of a split; images it does not name are in neither.

    Raises:
        UsageError: If the split does not fit the images.
    """
    items = dict(zip(relative_paths(images, root), images.items))
    names = read_split(split)
    train, test = (set(names[part]) for part in PARTS)
    missing = sorted((train | test) - set(items))
    if missing:
        raise UsageError(f'the split names {len(missing)} images that are not in {root}: '
                         f'{shortlist(missing)}; make a new split')
    both = sorted(train & test)
    if both:
        raise UsageError(f'the split has {len(both)} images in both `train` and `test`: '
                         f'{shortlist(both)}; make a new split')
    parts = [images.subset(item for path, item in items.items() if path in part)
             for part in (train, test)]
    problem = empty_part(*parts)
    if problem:
        raise UsageError(f'{problem} in the split: make a new split')
    return parts[0], parts[1]


def empty_part(train: ImageDataset, test: ImageDataset) -> str:
    """Name the training class or the test set that is empty, for a message; '' if none is.

    Such as "class 'stool' has no training images".
    """
    labels = {label for _, label in train.items}
    empty = [repr(name) for label, name in enumerate(train.synsets) if label not in labels]
    if empty:
        subject = f'class {empty[0]} has' if len(empty) == 1 else f'classes {shortlist(empty)} have'
        return f'{subject} no training images'
    return '' if test.items else 'the test set has no images'


def relative_paths(images: ImageDataset, root: str) -> list[str]:
    """Return the paths of the images relative to `root`, with slashes on every system."""
    return [os.path.relpath(path, root).replace(os.sep, '/') for path, _ in images.items]
