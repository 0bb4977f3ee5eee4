"""Images that look alike, such as one saved again or resized, by the library imagehash."""
from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Iterator, Sequence

import numpy as np
from PIL import Image

from ..compat.cpu import usable_cores
from ..errors import UsageError
from ..progress import tqdm
from .duplicates import Finding, relative_names
from .image import EncodedImage

if TYPE_CHECKING:
    from .folders import ImageFolders

MAX_DISTANCE = 6    # bits of 64: copies saved again have 0 to 2, different photographs 10 or more
MIN_SIDE = 64       # pixels of a side from which an image is hashed, where it has them
MIN_DEVIATION = 2   # of grey values; the hash of an image of one colour is that of any other


def find_near_duplicates(folders: ImageFolders, progress: bool = True) -> list[Finding]:
    """Return the pairs of images that look alike but differ in their bytes.

    Args:
        folders: The images; those that cannot be decoded do not count.
        progress: Whether to show a progress bar.

    Raises:
        UsageError: If the library imagehash is not installed.
    """
    _imagehash()
    hashes, labels = folders.hashes(progress), dict(folders.train.items + folders.test.items)
    paths = list(dict.fromkeys(labels))
    trained_on = {path for path, _ in folders.train.items}
    pairs = [(one, other) for one, other in _similar(paths, progress)
             if hashes[one] != hashes[other]]
    leaks = [(two, one) if one in trained_on else (one, two) for one, two in pairs
             if (one in trained_on) != (two in trained_on)]
    classes = [pair for pair in pairs if labels[pair[0]] != labels[pair[1]]]
    rest = [pair for pair in pairs if labels[pair[0]] == labels[pair[1]]
            and (pair[0] in trained_on) == (pair[1] in trained_on)]
    findings = [
        _finding(folders, 'near_leaks', _leaked(len(dict(leaks)), len(folders.test)), leaks),
        _finding(folders, 'near_contradictions', _alike(len(classes), 'different classes'),
                 classes),
        _finding(folders, 'near_copies', _alike(len(rest), 'the same class'), rest)]
    return [finding for finding in findings if finding.groups]


def _finding(folders: ImageFolders, kind: str, problem: str,
             pairs: Sequence[tuple[str, str]]) -> Finding:
    return Finding(kind, problem, 'compare them, and remove those that show the same',
                   [relative_names(folders, pair) for pair in pairs], ' ~ ')


def _leaked(count: int, total: int) -> str:
    return (f'{count} of {total} test images '
            + ('looks like a training image' if count == 1 else 'look like training images'))


def _alike(count: int, classes: str) -> str:
    pairs, look = ('pair', 'looks') if count == 1 else ('pairs', 'look')
    return f'{count} {pairs} of images in {classes} {look} alike'


def _similar(paths: Sequence[str], progress: bool) -> Iterator[tuple[str, str]]:
    """Yield the pairs of images whose hashes differ by at most `MAX_DISTANCE` bits."""
    with ThreadPoolExecutor(usable_cores()) as pool:
        hashes = list(tqdm(pool.map(_hash, paths), 'comparing images', len(paths), unit='images',
                           disable=not progress, leave=False))
    known = [(path, bits) for path, bits in zip(paths, hashes) if bits is not None]
    if not known:
        return
    table = np.array([bits for _, bits in known])
    ones = np.array([bin(byte).count('1') for byte in range(256)], 'uint8')
    for i, (path, bits) in enumerate(known):
        distances = ones[table[i + 1:] ^ bits].sum(axis=1)
        for j in np.nonzero(distances <= MAX_DISTANCE)[0]:
            yield path, known[i + 1 + j][0]


def _hash(path: str) -> Any:
    """Return the perceptual hash of an image as 8 bytes, None where it has none."""
    try:
        image = EncodedImage(path)
        shortest = min(image.shape)
        reduction = max(itertools.chain([1], (number for number in image.reductions
                                              if number * MIN_SIDE <= shortest)))
        grey = Image.fromarray(image.decode(reduction)).convert('L')
    except UsageError:
        return None
    if np.std(grey) < MIN_DEVIATION:
        return None
    return np.packbits(_imagehash().phash(grey).hash)


def _imagehash() -> Any:
    try:
        import imagehash
    except ImportError:
        raise UsageError('comparing how images look needs imagehash, which is not installed: '
                         'pip install gluon_finetune[near]') from None
    return imagehash
