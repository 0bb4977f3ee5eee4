"""Inspection of image files before training: which can be decoded, and the hash of each."""
from __future__ import annotations

import functools
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, NamedTuple, Sequence, Tuple, TypeVar

from ..compat.cpu import usable_cores
from ..errors import UsageError
from ..files.hashing import file_sha256, stream_sha256
from ..progress import tqdm
from ..types import NumPyArray
from .image import EncodedImage, check_image_file, explained_errors
from .modes import DEFAULT_BACKGROUND

MIN_CONTRAST = 8      # of 255; noise of JPEG on a plain field stays below
_CONTRAST_STEP = 16   # pixels

T = TypeVar('T')
_Stamp = Tuple[int, int, int, int]   # of a file: inode, bytes, times of last change in ns


class BadImage(NamedTuple):
    """An image that cannot be used."""

    path: str
    reason: str


class ImageReport(NamedTuple):
    """The result of inspecting one image file.

    `sha256` is that of its bytes, in hexadecimal, '' if they cannot be read; `problem` is the
    reason why it cannot be used, None if it can; `stamp` tells whether the file has changed since;
    `contrast` is whether its pixels differ.
    """

    path: str
    sha256: str
    problem: str | None
    stamp: _Stamp | None
    contrast: bool = True

    def is_current(self) -> bool:
        """Return whether the file was usable and has not changed since."""
        return self.problem is None and self.stamp == _stamp(self.path)


def inspect_images(paths: Sequence[str], progress: bool = True,
                   background: str = DEFAULT_BACKGROUND) -> list[ImageReport]:
    """Read each file once: take its SHA-256, and decode it as training will.

    Args:
        paths: The files; threads, one per core, work on them.
        progress: Whether to show a progress bar.
        background: The colour behind transparent pixels.

    Returns:
        A report for each of `paths`, in their order.
    """
    return _map(functools.partial(_inspect, background=background), paths, 'checking images',
                progress)


def check_images(paths: Sequence[str], progress: bool = True) -> list[BadImage]:
    """Decode each file as training will; return a `BadImage` for each that fails."""
    return bad_images(inspect_images(paths, progress))


def bad_images(reports: Sequence[ImageReport]) -> list[BadImage]:
    """Return a `BadImage` for each report of a problem."""
    return [BadImage(report.path, report.problem) for report in reports if report.problem]


def hash_images(paths: Sequence[str], progress: bool = True) -> list[str]:
    """Return the SHA-256 of each file, in hexadecimal; '' for one that cannot be read."""
    return _map(_hash, paths, 'hashing images', progress)


def explain_bad_images(bad: Sequence[BadImage], how: str) -> str:
    """Return a message that names the first three images, and `how` they can be skipped."""
    named = '; '.join(f'{image.path}: {image.reason}' for image in bad[:3])
    more = f'; and {len(bad) - 3} more' if len(bad) > 3 else ''
    count = f'{len(bad)} image{"s" * (len(bad) > 1)}'
    return (f'{count} cannot be used ({named}{more}): repair or remove the files, or skip them '
            f'{how}')


def _map(function: Callable[[str], T], paths: Sequence[str], title: str,
         progress: bool) -> list[T]:
    with ThreadPoolExecutor(usable_cores()) as pool:
        return list(tqdm(pool.map(function, paths), title, len(paths), unit='images',
                         disable=not progress, leave=False))


def _inspect(path: str, background: str) -> ImageReport:
    stamp, sha256, problem, contrast = _stamp(path), '', None, True
    try:
        with explained_errors():
            check_image_file(path)
            with open(path, 'rb') as file:
                sha256 = stream_sha256(file)
                file.seek(0)
                contrast = has_contrast(EncodedImage(path, file, background=background).decode())
    except UsageError as reason:
        problem = str(reason)
    return ImageReport(path, sha256, problem, stamp, contrast)


def has_contrast(pixels: NumPyArray) -> bool:
    """Return whether a channel of an image, (height, width, 3) uint8, has different values."""
    some = pixels[::_CONTRAST_STEP, ::_CONTRAST_STEP]   # suffices for almost every image
    return any(int(part[:, :, channel].max()) - int(part[:, :, channel].min()) >= MIN_CONTRAST
               for part in (some, pixels) for channel in range(3))


def _hash(path: str) -> str:
    try:
        return file_sha256(path) if os.path.isfile(path) else ''   # reading a pipe would block
    except OSError:
        return ''


def _stamp(path: str) -> _Stamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
