"""Images with equal bytes: what they mean for training and testing, wherever they lie."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Dict, Iterable, NamedTuple, Sequence, TypeVar

from ..errors import UsageError
from .equal_files import group_equal
from .scan import shortlist

if TYPE_CHECKING:
    from .folders import ImageFolders


T = TypeVar('T')
Leaks = Dict[str, str]   # path of a test image -> path of a training image with equal bytes


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
    """Return the test images that are copies of training images, byte for byte.

    Args:
        folders: The images; those that were inspected before are not read again.
        progress: Whether to show a progress bar.
    """
    return _leaks(_equal_images(folders, progress))


def without_leaks(folders: ImageFolders) -> ImageFolders:
    """Return `folders` without the test images that are copies of training images.

    Raises:
        UsageError: If no test image would be left.
    """
    leaks = find_leaks(folders)
    if len(leaks) == len(folders.test):
        raise UsageError(f'all {len(leaks)} test images of {folders.root} are copies of training '
                         f'images: test on other images')
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
    findings = [_leaked(folders, _leaks(groups), drop_leaks), _contradictions(folders, groups),
                _copies(folders, groups, 'train', 'training', len(folders.train)),
                _copies(folders, groups, 'test', 'test', len(folders.test))]
    return [finding for finding in findings if finding.groups]


def _equal_images(folders: ImageFolders, progress: bool) -> list[list[_Image]]:
    """Return the groups of at least two usable images with equal bytes."""
    hashes = folders.hashes(progress)
    images = [_Image(path, part, label)
              for part, items in (('train', folders.train.items), ('test', folders.test.items))
              for path, label in items if hashes[path]]
    groups = group_equal(images, lambda image: hashes[image.path])
    unusable = {image.path for image in folders.check(progress)} if groups else set()
    return [group for group in groups if group[0].path not in unusable]


def _leaks(groups: Iterable[Sequence[_Image]]) -> Leaks:
    leaks: Leaks = {}
    for group in groups:
        trained_on = [image for image in group if image.part == 'train']
        for image in group:
            if image.part == 'test' and trained_on:
                same_class = [one for one in trained_on if one.label == image.label]
                leaks[image.path] = (same_class or trained_on)[0].path
    return leaks


def _leaked(folders: ImageFolders, leaks: Leaks, dropped: bool) -> Finding:
    are = 'is a copy of a training image' if len(leaks) == 1 else 'are copies of training images'
    return Finding('leaks', f'{len(leaks)} of {len(folders.test)} test images {are}',
                   'skipped' if dropped else
                   'they make the test accuracy too high; skip them with --drop-leaks',
                   [relative_names(folders, pair) for pair in leaks.items()])


def _contradictions(folders: ImageFolders, groups: Iterable[Sequence[_Image]]) -> Finding:
    found = [relative_names(folders, [image.path for image in group]) for group in groups
             if len({image.label for image in group}) > 1]
    have = 'image has' if len(found) == 1 else 'images have'
    return Finding('contradictions', f'{len(found)} {have} copies in more than one class',
                   'their labels contradict each other; keep each in one class', found)


def _copies(folders: ImageFolders, groups: Iterable[Sequence[_Image]], part: str, name: str,
            count: int) -> Finding:
    """Return the copies of an image within a class of one part."""
    found = [relative_names(folders, [image.path, same[0].path]) for group in groups
             for same in group_equal([one for one in group if one.part == part],
                                     lambda one: one.label)
             for image in same[1:]]
    are = 'is a copy' if len(found) == 1 else 'are copies'
    return Finding(f'{part}_copies',
                   f'{len(found)} of {count} {name} images {are} of another one in their class',
                   'they count more than once; remove them', found)


def relative_names(folders: ImageFolders, paths: Iterable[str]) -> list[str]:
    """Return paths relative to a data set, with slashes on every system."""
    return [os.path.relpath(path, folders.root).replace(os.sep, '/') for path in paths]
