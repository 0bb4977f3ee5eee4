"""Splits labelled images into training and test; knows paths and labels, not pixels."""
import hashlib
import os

from ..errors import UsageError
from ..files.json import read_json
from .dataset import listed

SIDES = ('train', 'test')
MOST_BYTES = 1 << 26   # the paths of a million images


def make_split(images, root, seed, test_fraction):
    """Draw a fraction of each class for testing, with an image of it at least on either side.

    Returns a dict of `seed`, `test_fraction`, and `train` and `test`: lists of paths relative to
    `root`, with slashes. An image's place in the draw is the hash of its path and the seed: the
    same on every machine, and the same when others are added.
    """
    if not 0 < test_fraction < 1:
        raise UsageError(f'test_fraction is {test_fraction!r}: '
                         'it must be between 0 and 1, such as 0.2')
    test = set()
    paths = relative_paths(images, root)
    for label, name in enumerate(images.synsets):
        mine = [path for path, item in zip(paths, images.items) if item[1] == label]
        if len(mine) < 2:
            raise UsageError(f'only one image of {name} ({mine[0]}): '
                             'a split into training and test needs two of each class')
        mine.sort(key=lambda path: hashlib.sha256(f'{seed}/{path}'.encode()).digest())
        test.update(mine[:min(max(round(test_fraction * len(mine)), 1), len(mine) - 1)])
    return {'seed': seed, 'test_fraction': test_fraction,
            'train': [path for path in paths if path not in test],
            'test': [path for path in paths if path in test]}


def read_split(split):
    """Return a split given as such or as the path of a json file; raises `UsageError` for neither.

    It is a dict with the lists `train` and `test` of paths; what else is in it counts for nothing.
    """
    if not isinstance(split, dict):
        split = read_json(split, MOST_BYTES)
    if not isinstance(split, dict) or not all(_are_paths(split.get(side)) for side in SIDES):
        raise UsageError('a split is a dict with the lists `train` and `test` of paths')
    return split


def _are_paths(value):
    return isinstance(value, (list, tuple)) and all(isinstance(path, str) for path in value)


def take_split(images, root, split):
    """Return the training and the test images that a split names; others are in neither."""
    items = dict(zip(relative_paths(images, root), images.items))
    train, test = (set(read_split(split)[side]) for side in SIDES)
    missing = sorted((train | test) - set(items))
    if missing:
        raise UsageError(f'the split names {len(missing)} images that are not under {root}: '
                         f'{listed(missing)}; split this folder anew')
    twice = sorted(train & test)
    if twice:
        raise UsageError(f'the split has {len(twice)} images for training and testing at once: '
                         f'{listed(twice)}; split this folder anew')
    train, test = (images.holding(item for path, item in items.items() if path in side)
                   for side in (train, test))
    lacking = what_lacks(train, test)
    if lacking:
        raise UsageError(f'the split leaves none {lacking}: split this folder anew')
    return train, test


def what_lacks(train, test):
    """Name a training class or a test set without images, for a message; '' if there is none."""
    labels = {label for _, label in train.items}
    empty = [name for label, name in enumerate(train.synsets) if label not in labels]
    if empty:
        return f'of {listed(empty)} for training'
    return '' if test.items else 'for testing'


def relative_paths(images, root):
    """Paths of the images relative to `root`, with slashes on every system."""
    return [os.path.relpath(path, root).replace(os.sep, '/') for path, _ in images.items]
