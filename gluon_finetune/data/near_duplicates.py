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
from .duplicates import OVERLAPS, Finding, Overlap, of_part, relative_names
from .image import EncodedImage
from .split import PARTS

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
    hashes = folders.hashes(progress)
    labels = {path: label for images in folders.parts.values() for path, label in images.items}
    parts = {path: part for part, images in folders.parts.items() for path, _ in images.items}
    pairs = [(one, other) for one, other in _similar(list(labels), progress)
             if hashes[one] != hashes[other]]
    both_ways = [*pairs, *((two, one) for one, two in pairs)]
    leaks = [(overlap, [(one, two) for one, two in both_ways
                        if (parts[one], parts[two]) == (overlap.part, overlap.earlier)])
             for overlap in OVERLAPS]
    classes = [pair for pair in pairs if labels[pair[0]] != labels[pair[1]]]
    rest = [pair for pair in pairs if labels[pair[0]] == labels[pair[1]]
            and parts[pair[0]] == parts[pair[1]]]
    findings = [
        *(_finding(folders, f'near_{overlap.kind}', _leaked(folders, overlap, len(dict(found))),
                   found) for overlap, found in leaks),
        _finding(folders, 'near_contradictions', _alike(len(classes), 'different classes'),
                 classes),
        _finding(folders, 'near_copies', _alike(len(rest), 'the same class'), rest)]
    return [finding for finding in findings if finding.groups]


def _finding(folders: ImageFolders, kind: str, problem: str,
             pairs: Sequence[tuple[str, str]]) -> Finding:
    return Finding(kind, problem, 'compare them, and remove those that show the same',
                   [relative_names(folders, pair) for pair in pairs], ' ~ ')


def _leaked(folders: ImageFolders, overlap: Overlap, count: int) -> str:
    name = PARTS[overlap.earlier]
    look = f'looks like a {name} image' if count == 1 else f'look like {name} images'
    return f'{of_part(folders, overlap.part, count)} {look}'


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
