"""Finds the pictures that cannot be used before training meets them; knows nothing of classes."""
import collections
from concurrent.futures import ThreadPoolExecutor

from ..cores import usable_cores
from ..errors import UsageError
from ..progress import tqdm
from .decode import read_pixels

BadPicture = collections.namedtuple('BadPicture', 'path reason')


def check_pictures(paths, progress=True):
    """Decode every file as training will, in threads; return a `BadPicture` for each that fails."""
    with ThreadPoolExecutor(usable_cores()) as pool:
        reasons = tqdm(pool.map(_why_not, paths), 'checking pictures', len(paths), unit='pictures',
                       disable=not progress, leave=False)
        return [BadPicture(path, reason) for path, reason in zip(paths, reasons) if reason]


def _why_not(path):
    try:
        read_pixels(path)
    except UsageError as reason:
        return str(reason)
    return None
