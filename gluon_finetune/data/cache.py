"""A bounded cache of decoded images, in memory or on disk.

Nothing is evicted: every epoch needs every image once, so the least recently used image is the one
needed next. The cache stores images until it is full.
"""
from __future__ import annotations

import os
import tempfile
import threading
import weakref
from typing import Literal, Tuple

import numpy as np

from ..errors import WorkError
from ..types import NumPyArray
from .image import read_pixels
from .modes import DEFAULT_BACKGROUND

_SHARE_OF_FREE = 2   # the default limit is the free space divided by this

_Key = Tuple[str, str]   # path, background


class ImageCache:
    """Decoded images in memory, or in a temporary file that disappears with the process.

    Threads may share it.

    Args:
        place: 'ram', or 'disk' for a file in `folder`.
        limit: Size in bytes; by default half of what is free there.
        folder: Folder of the file; by default the system's for temporary files.
    """

    def __init__(self, place: Literal['ram', 'disk'], limit: int | None = None,
                 folder: str | None = None) -> None:
        folder = folder or tempfile.gettempdir()
        self.limit = _free_bytes(place, folder) // _SHARE_OF_FREE if limit is None else limit
        self.used = 0
        self._lock = threading.Lock()
        self._pixels: dict[_Key, NumPyArray] = {}                       # in memory
        self._on_disk: dict[_Key, tuple[int, tuple[int, ...]]] = {}     # offset and shape
        self._file = self._unnamed_file(folder) if place == 'disk' else None

    def read(self, path: str, background: str = DEFAULT_BACKGROUND) -> NumPyArray:
        """Return what `read_pixels` does; it decodes the file once if there is room."""
        key = path, background
        pixels = self._get(key)
        if pixels is None:
            pixels = read_pixels(path, background)
            self._put(key, pixels)
        return pixels

    def _get(self, key: _Key) -> NumPyArray | None:
        """Return the pixels stored under `key`, or None."""
        if self._file is None:
            return self._pixels.get(key)
        if key not in self._on_disk:
            return None
        offset, shape = self._on_disk[key]
        pixels = np.empty(shape, 'uint8')
        if os.preadv(self._file, [pixels.data], offset) != pixels.nbytes:
            raise WorkError('the cache of decoded images on disk is corrupt: use cache=ram')
        return pixels

    def _put(self, key: _Key, pixels: NumPyArray) -> None:
        """Store `pixels`, (height, width, 3) uint8, if there is room."""
        with self._lock:
            stored = key in self._pixels or key in self._on_disk
            if stored or self.used + pixels.nbytes > self.limit:
                return
            offset, self.used = self.used, self.used + pixels.nbytes
        if self._file is None:
            self._pixels[key] = pixels
        elif self._write(self._file, pixels, offset):
            self._on_disk[key] = offset, pixels.shape

    def _unnamed_file(self, folder: str) -> int:
        """Return the descriptor of a deleted file: its space is freed when it is closed."""
        file, path = tempfile.mkstemp(dir=folder)
        os.unlink(path)
        weakref.finalize(self, os.close, file)
        return file

    def _write(self, file: int, pixels: NumPyArray, offset: int) -> bool:
        """Return whether the disk takes the pixels; a full disk ends caching, not training."""
        try:
            return os.pwritev(file, [pixels.data], offset) == pixels.nbytes
        except OSError:
            self.limit = 0
            return False


def _free_bytes(place: str, folder: str) -> int:
    """Return the bytes free in memory, or on the disk of `folder`."""
    if place == 'disk':
        status = os.statvfs(folder)
        return status.f_bavail * status.f_frsize
    return os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')
