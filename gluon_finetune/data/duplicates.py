"""Images with equal bytes: what they mean for training and evaluation, wherever they lie."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Dict, Iterable, Iterator, NamedTuple, Sequence

from ..errors import UsageError
from .equal_files import group_equal
from .scan import shortlist
from .split import PARTS

if TYPE_CHECKING:
    from .folders import ImageFolders

Leaks = Dict[str, str]   # path of an image -> path of one with equal bytes that is used before it
_USE = {'train': 0, 'val': 1, 'test': 2}   # the order in which a run uses the parts


class Overlap(NamedTuple):
    """Images of one part that are in another, which is used before it."""

    kind: str
    part: str
    earlier: str
    effect: str


OVERLAPS = [
    Overlap('leaks', 'test', 'train', 'they make the test accuracy too high'),
    Overlap('val_leaks', 'val', 'train', 'they make the validation accuracy too high, by which the '
                                         'best epoch is chosen'),
    Overlap('selection_leaks', 'test', 'val', 'the best epoch is chosen by them, which makes the '
                                              'test accuracy too high')]


class Finding(NamedTuple):
    """One way in which copies spoil a data set.

    `kind` is its name in JSON, `problem` and `advice` are the parts of a sentence, and each of
    `groups` has the paths of images with equal bytes, relative to the data set.
    """

    kind: str
    problem: str
    advice: str
    groups: list[list[str]]
    separator: str = ' = '

    def __str__(self) -> str:
        return f'{self.problem} ({shortlist(self.pairs)}): {self.advice}'

    @property
    def pairs(self) -> list[str]:
        """Each group in words, such as 'test/cat/1.jpg = train/cat/7.jpg'."""
        return [self.separator.join(group) for group in self.groups]


class _Image(NamedTuple):
    path: str
    part: str
    label: int


def find_leaks(folders: ImageFolders, progress: bool = True) -> Leaks:
    """Return the images that are copies of others that a run uses before them, byte for byte.

    These are test images that are training or validation images too, and validation images that are
    training images too.

    Args:
        folders: The images; those that were inspected before are not read again.
        progress: Whether to show a progress bar.
    """
    return {leak.path: original.path for leak, original in _leaks(_equal_images(folders, progress))}


def without_leaks(folders: ImageFolders) -> ImageFolders:
    """Return `folders` without the images that `find_leaks` returns.

    Raises:
        UsageError: If no test image, or no validation image, would be left.
    """
    leaks = find_leaks(folders)
    for part, images in folders.parts.items():
        if all(path in leaks for path, _ in images.items):
            earlier = ' or '.join(PARTS[one] for one in folders.parts if _USE[one] < _USE[part])
            verb = 'test' if part == 'test' else 'validate'
            raise UsageError(f'all {len(images)} {PARTS[part]} images of {folders.root} are copies '
                             f'of {earlier} images: {verb} on other images')
    return folders.without(leaks) if leaks else folders


def find_copies(folders: ImageFolders, progress: bool = True,
                drop_leaks: bool = False) -> list[Finding]:
    """Return what images with equal bytes mean for a data set: leaks, contradictions, copies.

    Args:
        folders: The images; those that were inspected before are not read again, and those that
            cannot be decoded do not count.
        progress: Whether to show a progress bar.
        drop_leaks: Whether leaks will be skipped, for the advice.
    """
    groups = _equal_images(folders, progress)
    leaks = list(_leaks(groups))
    findings = [*(_leaked(folders, overlap, leaks, drop_leaks) for overlap in OVERLAPS),
                _contradictions(folders, groups),
                *(_copies(folders, part, groups) for part in folders.parts)]
    return [finding for finding in findings if finding.groups]


def _equal_images(folders: ImageFolders, progress: bool) -> list[list[_Image]]:
    """Return the groups of at least two usable images with equal bytes."""
    hashes = folders.hashes(progress)
    images = [_Image(path, part, label)
              for part, dataset in folders.parts.items()
              for path, label in dataset.items if hashes[path]]
    groups = group_equal(images, lambda image: hashes[image.path])
    unusable = {image.path for image in folders.check(progress)} if groups else set()
    return [group for group in groups if group[0].path not in unusable]


def _leaks(groups: Iterable[Sequence[_Image]]) -> Iterator[tuple[_Image, _Image]]:
    """Yield each leak with its original: used first, and of the same class where there is one."""
    for group in groups:
        for image in group:
            original = min(group, key=lambda one: (_USE[one.part], one.label != image.label))
            if _USE[original.part] < _USE[image.part]:
                yield image, original


def _leaked(folders: ImageFolders, overlap: Overlap, leaks: Iterable[tuple[_Image, _Image]],
            dropped: bool) -> Finding:
    pairs = [relative_names(folders, [leak.path, original.path]) for leak, original in leaks
             if (leak.part, original.part) == (overlap.part, overlap.earlier)]
    name = PARTS[overlap.earlier]
    are = f'is a copy of a {name} image' if len(pairs) == 1 else f'are copies of {name} images'
    return Finding(overlap.kind, f'{of_part(folders, overlap.part, len(pairs))} {are}',
                   'skipped' if dropped else f'{overlap.effect}; skip them with --drop-leaks',
                   pairs)


def of_part(folders: ImageFolders, part: str, count: int) -> str:
    """Return a number of images of a part in words, such as '2 of 12 test images'."""
    total = len(folders.parts[part]) if part in folders.parts else 0
    return f'{count} of {total} {PARTS[part]} images'


def _contradictions(folders: ImageFolders, groups: Iterable[Sequence[_Image]]) -> Finding:
    found = [relative_names(folders, [image.path for image in group]) for group in groups
             if len({image.label for image in group}) > 1]
    have = 'image has' if len(found) == 1 else 'images have'
    return Finding('contradictions', f'{len(found)} {have} copies in more than one class',
                   'their labels contradict each other; keep each in one class', found)


def _copies(folders: ImageFolders, part: str, groups: Iterable[Sequence[_Image]]) -> Finding:
    """Return the copies of an image within a class of one part."""
    found = [relative_names(folders, [image.path, same[0].path]) for group in groups
             for same in group_equal([one for one in group if one.part == part],
                                     lambda one: one.label)
             for image in same[1:]]
    are = 'is a copy' if len(found) == 1 else 'are copies'
    return Finding(f'{part}_copies',
                   f'{of_part(folders, part, len(found))} {are} of another one in their class',
                   'they count more than once; remove them', found)


def relative_names(folders: ImageFolders, paths: Iterable[str]) -> list[str]:
    """Return paths relative to a data set, with slashes on every system."""
    return [os.path.relpath(path, folders.root).replace(os.sep, '/') for path in paths]
