"""Splits of labelled images into a training, a test and a validation set."""
from __future__ import annotations

import hashlib
import itertools
import os
from typing import Any, Mapping, Union, cast

from ..errors import UsageError
from ..files.json import read_json
from ..types import StrPath
from .dataset import ImageDataset
from .equal_files import equal_files
from .held_out import choose_held_out
from .scan import shortlist

PARTS = {'train': 'training', 'test': 'test', 'val': 'validation'}   # key -> adjective
MAX_FILE_BYTES = 1 << 26   # the paths of a million images

Split = Mapping[str, Any]   # 'train' and 'test' or 'val': lists of paths; other keys are ignored
SplitSource = Union[Split, StrPath]


def make_split(images: ImageDataset, root: str, seed: int, test_fraction: float | None,
               val_fraction: float | None = None) -> Split:
    """Split off fractions of each class, with at least one image on either side.

    Images are ordered by the hash of their path and the seed: the split is the same on every
    machine, and images that are added later move no others. Images with equal bytes stay on one
    side, whatever their names and classes are. The validation images are taken from what is left
    after the test images.

    Args:
        images: The images of all classes.
        root: Folder that the paths of the split are relative to.
        seed: Number that selects one of many splits.
        test_fraction: Share of each class for testing, between 0 and 1; None for no test images.
        val_fraction: Share of the rest of each class for validation; None for no such images.

    Returns:
        A dict of `seed`, the fractions, and `train`, `test` and `val`: lists of paths with slashes.

    Raises:
        UsageError: If a fraction is out of range, a class has too few images, or no class has two
            that differ.
    """
    given = {'test': test_fraction, 'val': val_fraction}
    fractions = {part: fraction for part, fraction in given.items() if fraction is not None}
    parts = {'train': images}
    for part, fraction in fractions.items():
        parts['train'], parts[part] = _split_off(part, parts['train'], root, seed, fraction)
    return {'seed': seed,
            **{f'{part}_fraction': fraction for part, fraction in fractions.items()},
            **{part: relative_paths(chosen, root) for part, chosen in parts.items()}}


def _split_off(part: str, images: ImageDataset, root: str, seed: int,
               fraction: float) -> tuple[ImageDataset, ImageDataset]:
    """Return the images that stay, and those that are split off."""
    if not 0 < fraction < 1:
        raise UsageError(f'{part}_fraction is {fraction!r}: '
                         'it must be between 0 and 1, such as 0.2')
    needs = f'a split into training and {PARTS[part]} images needs at least 2'
    names = dict(zip(relative_paths(images, root), images.items))
    members: list[list[str]] = [[] for _ in images.synsets]
    for name, (_, label) in names.items():
        members[label].append(name)
    for class_name, own in zip(images.synsets, members):
        if len(own) < 2:
            kind = 'training image' if part == 'val' else 'image'
            raise UsageError(f'class {class_name!r} has only one {kind} ({", ".join(own)}): '
                             f'{needs} per class')
        own.sort(key=lambda name: hashlib.sha256(f'{seed}/{name}'.encode()).digest())
    relative = {path: name for name, (path, _) in names.items()}
    copies = [[relative[path] for path in group] for group in equal_files(list(relative))]
    held_out = choose_held_out(members, fraction, copies)
    if not held_out:
        raise UsageError(f'the images of each class in {root} are copies of one: {needs} that '
                         f'differ')
    return (images.subset(item for name, item in names.items() if name not in held_out),
            images.subset(item for name, item in names.items() if name in held_out))


def read_split(split: SplitSource) -> Split:
    """Return a split, given as a dict or as the path of a JSON file.

    Raises:
        UsageError: If it does not have the lists `train` and `test`, or `train` and `val`, of
            paths.
    """
    if not isinstance(split, dict):
        split = read_json(cast(StrPath, split), MAX_FILE_BYTES)
    parts = [part for part in PARTS if part in split] if isinstance(split, dict) else []
    if len(parts) < 2 or 'train' not in parts or not all(
            _is_path_list(cast(Split, split)[part]) for part in parts):
        raise UsageError('invalid split: expected a dict with the lists `train` and `test` of '
                         'paths')
    return cast(Split, split)


def _is_path_list(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(path, str) for path in value)


def existing(split: Split, root: str) -> Split:
    """Return a split without the images that no longer exist."""
    return {part: [path for path in split[part] if os.path.exists(os.path.join(root, path))]
            for part in PARTS if part in split}


def apply_split(images: ImageDataset, root: str, split: SplitSource) -> dict[str, ImageDataset]:
    """Return the images of each part of a split; images it does not name are in none.

    Raises:
        UsageError: If the split does not fit the images.
    """
    items = dict(zip(relative_paths(images, root), images.items))
    names = {part: set(paths) for part, paths in read_split(split).items() if part in PARTS}
    missing = sorted(set().union(*names.values()) - set(items))
    if missing:
        raise UsageError(f'the split names {len(missing)} images that are not in {root}: '
                         f'{shortlist(missing)}; make a new split')
    for one, other in itertools.combinations(PARTS, 2):
        both = sorted(names.get(one, set()) & names.get(other, set()))
        if both:
            raise UsageError(f'the split has {len(both)} images in both `{one}` and `{other}`: '
                             f'{shortlist(both)}; make a new split')
    parts = {part: images.subset(item for path, item in items.items() if path in names[part])
             for part in PARTS if part in names}
    problem = empty_part(parts)
    if problem:
        raise UsageError(f'{problem} in the split: make a new split')
    return parts


def empty_part(parts: Mapping[str, ImageDataset]) -> str:
    """Name the training class, or the other part, that is empty, for a message; '' if none is.

    Such as "class 'stool' has no training images".
    """
    train = parts['train']
    labels = {label for _, label in train.items}
    empty = [repr(name) for label, name in enumerate(train.synsets) if label not in labels]
    if empty:
        subject = f'class {empty[0]} has' if len(empty) == 1 else f'classes {shortlist(empty)} have'
        return f'{subject} no training images'
    return next((f'the {PARTS[part]} set has no images' for part in parts
                 if not parts[part].items), '')


def relative_paths(images: ImageDataset, root: str) -> list[str]:
    """Return the paths of the images relative to `root`, with slashes on every system."""
    return [os.path.relpath(path, root).replace(os.sep, '/') for path, _ in images.items]
