"""Keeps decoded images for later epochs, within a bound; knows nothing of what becomes of them.

What comes first is kept, and never given up for what comes later: an epoch needs every image
once, so that the one used longest ago is always the one needed next.
"""
import os
import tempfile
import threading
import weakref

import numpy as np

from ..errors import WorkError
from .image import EncodedImage

_SHARE = 2   # by default half of what is free is taken


class ImageCache:
    """Decoded images in memory, or in a file that is gone when the process is.

    `place` is 'ram' or 'disk' (a file in `folder`), `limit` the bytes it may hold (default: half
    of what is free there now). Threads may share it.
    """

    def __init__(self, place, limit=None, folder=None):
        folder = folder or tempfile.gettempdir()
        self.limit = _free(place, folder) // _SHARE if limit is None else limit
        self.used, self._images, self._kept, self._lock = 0, {}, {}, threading.Lock()
        self._file = self._nameless_file(folder) if place == 'disk' else None

    def open(self, path):
        """Return a stand-in for `EncodedImage(path)` that decodes once, if there is room."""
        if path not in self._images:
            self._images[path] = _CachedImage(self, path)
        return self._images[path]

    def get(self, key):
        """Return the pixels kept under `key`, or None."""
        kept = self._kept.get(key)
        if kept is None or self._file is None:
            return kept
        offset, shape = kept
        pixels = np.empty(shape, 'uint8')
        if os.preadv(self._file, [pixels], offset) != pixels.nbytes:
            raise WorkError('the cache of decoded images on the disk is damaged: use cache=ram')
        return pixels

    def put(self, key, pixels):
        """Keep `pixels`, (height, width, 3) uint8, unless there is no room."""
        with self._lock:
            if key in self._kept or self.used + pixels.nbytes > self.limit:
                return
            offset, self.used = self.used, self.used + pixels.nbytes
        if self._file is None:
            self._kept[key] = pixels
        elif self._write(pixels, offset):
            self._kept[key] = offset, pixels.shape

    def _nameless_file(self, folder):
        """Descriptor of a file without a name, whose room is free again when nobody has it open."""
        file, path = tempfile.mkstemp(dir=folder)
        os.unlink(path)
        weakref.finalize(self, os.close, file)
        return file

    def _write(self, pixels, offset):
        """Whether the disk takes the pixels; a full one ends the keeping and not the training."""
        try:
            return os.pwritev(self._file, [pixels], offset) == pixels.nbytes
        except OSError:
            self.limit = 0
            return False


class _CachedImage:

    def __init__(self, cache, path):
        self._cache, self._path = cache, path
        image = EncodedImage(path)
        self.shape, self.reductions = image.shape, image.reductions
        if self.reductions == (1,):   # it is decoded already
            cache.put((path, 1), image.decode())
        image.close()

    def decode(self, reduction=1):
        key = self._path, reduction
        pixels = self._cache.get(key)
        if pixels is None:
            pixels = EncodedImage(self._path).decode(reduction)
            self._cache.put(key, pixels)
        return pixels


def _free(place, folder):
    """Bytes free in memory, or on the disk of `folder`."""
    if place == 'disk':
        status = os.statvfs(folder)
        return status.f_bavail * status.f_frsize
    return os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
