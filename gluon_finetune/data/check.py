"""Finds the images that cannot be used before training meets them; knows nothing of classes."""
import collections
import os
from concurrent.futures import ThreadPoolExecutor

from ..compat.cpu import usable_cores
from ..errors import UsageError
from ..files.hashing import file_sha256
from ..progress import tqdm
from .image import read_pixels

BadImage = collections.namedtuple('BadImage', 'path reason')


def check_images(paths, progress=True):
    """Decode every file as training will, in threads; return a `BadImage` for each that fails."""
    with ThreadPoolExecutor(usable_cores()) as pool:
        reasons = tqdm(pool.map(_why_not, paths), 'checking images', len(paths), unit='images',
                       disable=not progress, leave=False)
        return [BadImage(path, reason) for path, reason in zip(paths, reasons) if reason]


def _why_not(path):
    try:
        read_pixels(path)
    except UsageError as reason:
        return str(reason)
    return None


def hash_images(paths, progress=True):
    """SHA-256 of the bytes of each file; '' where it cannot be read: whoever needs it says why."""
    with ThreadPoolExecutor(usable_cores()) as pool:
        return list(tqdm(pool.map(_hash, paths), 'hashing images', len(paths), unit='images',
                         disable=not progress, leave=False))


def _hash(path):
    try:
        return file_sha256(path) if os.path.isfile(path) else ''   # a pipe would be waited for
    except OSError:
        return ''


def refuse_bad_images(folders, progress=True):
    """Raises `UsageError` when an image of `folders` cannot be used, naming the first three."""
    bad = folders.check(progress=progress)
    if bad:
        named = '; '.join(f'{image.path}: {image.reason}' for image in bad[:3])
        more = f'; and {len(bad) - 3} more' if len(bad) > 3 else ''
        count = f'{len(bad)} image{"s" * (len(bad) > 1)}'
        raise UsageError(f'{count} cannot be used ({named}{more}): repair or remove what is named, '
                         f'or go without, by --skip-bad or folders.without(folders.check())')
