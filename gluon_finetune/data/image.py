"""Image decoding: a file to upright RGB pixels.

Pillow decodes, not `mx.image.imread`: on photographs both give the same bytes in the same time, but
imread ignores the EXIF orientation, fills the missing part of a truncated JPEG with grey instead of
failing, and reads neither GIF nor WebP. A large JPEG can be decoded at a half, a quarter or an
eighth of its size for a fraction of the time.
"""
from __future__ import annotations

import contextlib
import os
import stat
from typing import Any, BinaryIO, Iterator

import numpy as np
from PIL import Image, TiffImagePlugin, WebPImagePlugin  # noqa: F401, to register the two

from ..compat.gluon import from_numpy
from ..errors import UsageError
from ..types import Array, NumPyArray, StrPath

EXTENSIONS = ('.jpg', '.jpeg', '.png', '.bmp', '.gif', '.jfif', '.tif', '.tiff', '.webp')
_FORMATS = ('JPEG', 'PNG', 'BMP', 'GIF', 'TIFF', 'WEBP')
Image.preinit()   # the other four plugins

MIN_SIDE_PIXELS = 3       # a random crop of fewer than 5 pixels may round to none at all
MAX_PIXELS = 80_000_000   # 240 MB decoded; below the size that Pillow warns about

_JPEG_REDUCTIONS = (1, 2, 4, 8)   # factors by which a decoder can shrink JPEG's 8x8 blocks

_CORRUPT = 'corrupt: its data is truncated or invalid'

# EXIF orientation -> (transposed, step along the rows, step along the columns)
_ORIENTATION_TAG = 0x0112
_TURNS = {2: (False, 1, -1), 3: (False, -1, -1), 4: (False, -1, 1),
          5: (True, 1, 1), 6: (True, 1, -1), 7: (True, -1, -1), 8: (True, -1, 1)}


def read_image(path: StrPath) -> Array:
    """Decode an image file.

    Grey, palette, CMYK and 16-bit images are converted, transparency is dropped, the EXIF
    orientation is applied, and an animation gives its first frame.

    Args:
        path: A JPEG, PNG, BMP, GIF, TIFF or WebP file.

    Returns:
        An array of shape (height, width, 3), uint8, RGB: `mx.np.ndarray` under `npx.set_np()`,
        `mx.nd.NDArray` otherwise.

    Raises:
        UsageError: If the file cannot be decoded; the message has the path and the reason.
    """
    try:
        pixels = read_pixels(path)
    except UsageError as reason:
        raise UsageError(f'cannot use the image {path}: {reason}') from None
    return from_numpy(pixels)


def read_pixels(path: StrPath) -> NumPyArray:
    """Decode an image file into a NumPy array like `read_image`; errors have the reason alone."""
    return EncodedImage(path).decode()


class EncodedImage:
    """An image file whose pixels are not decoded yet.

    Args:
        path: The file.
        file: The same file if it is open already, to be read from its start.

    Attributes:
        shape: (height, width) of the upright image.
        reductions: The factors that `decode` takes.

    Raises:
        UsageError: If the file cannot be decoded; the message is the reason alone.
    """

    def __init__(self, path: StrPath, file: BinaryIO | None = None) -> None:
        with explained_errors():
            check_image_file(path)
            self._image = Image.open(path if file is None else file, formats=_FORMATS)
        self._pixels: NumPyArray | None = None
        self.shape: tuple[int, int]
        self.reductions: tuple[int, ...]
        with self._closed_on_error():
            _check_size(*self._image.size)
            if self._image.format in ('JPEG', 'MPO'):
                width, height = self._image.size
                transposed = _TURNS.get(_orientation(self._image), (False,))[0]
                self.shape = (width, height) if transposed else (height, width)
                self.reductions = _JPEG_REDUCTIONS
            else:   # the header may be incomplete, and the file has to be read to its end anyway
                self._pixels = self._decoded()
                height, width = self._pixels.shape[:2]
                self.shape, self.reductions = (height, width), (1,)

    def close(self) -> None:
        """Close the file without decoding it."""
        self._image.close()

    def decode(self, reduction: int = 1) -> NumPyArray:
        """Decode the pixels and close the file.

        Args:
            reduction: One of `reductions`; both sides are divided by it and rounded up.

        Returns:
            An array of shape (height, width, 3), uint8, RGB, upright.

        Raises:
            UsageError: If the data is corrupt; the message is the reason alone.
        """
        if self._pixels is not None:
            return self._pixels
        with self._closed_on_error():
            if reduction > 1:
                self._image.draft('RGB', tuple(side // reduction for side in self._image.size))
            return self._decoded()

    def _decoded(self) -> NumPyArray:
        self._image.load()
        pixels = _upright(_rgb(self._image), _orientation(self._image))
        self._image.close()
        return pixels

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            with explained_errors():
                yield
        except UsageError:
            self._image.close()
            raise


@contextlib.contextmanager
def explained_errors() -> Iterator[None]:
    """Turn any exception of Pillow into a `UsageError` with the reason alone."""
    try:
        yield
        return
    except UsageError:
        raise
    except Image.UnidentifiedImageError:
        reason = 'unknown image format: expected JPEG, PNG, BMP, GIF, TIFF or WebP'
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        reason = _too_large('too many pixels')
    except OSError as error:
        reason = f'cannot be read: {error.strerror}' if error.strerror else _CORRUPT
    except Exception:   # on corrupt data Pillow's plugins raise errors of any type
        reason = _CORRUPT
    raise UsageError(reason) from None


def check_image_file(path: StrPath) -> None:
    """Raise `UsageError` with the reason alone unless `path` is a file with content."""
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):   # opening a named pipe would block forever
        raise UsageError('not a file')
    if status.st_size == 0:
        raise UsageError('the file is empty')


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise UsageError(_too_large(f'{width}x{height} pixels'))
    if min(width, height) < MIN_SIDE_PIXELS:
        raise UsageError(f'too small: {width}x{height} pixels, but the minimum is '
                         f'{MIN_SIDE_PIXELS}x{MIN_SIDE_PIXELS}')


def _too_large(size: str) -> str:
    return f'{size}: the limit is {MAX_PIXELS // 10**6} million, scale the image down'


def _rgb(image: Any) -> NumPyArray:
    if image.mode.startswith(('I', 'F')):
        return _eight_bits(np.asarray(image))
    if 'transparency' in image.info:   # Pillow warns when it drops that of a palette
        image = image.convert('RGBA')
    return np.asarray(image.convert('RGB'))


def _eight_bits(grey: NumPyArray) -> NumPyArray:
    """Return the high byte of 16-bit grey values, as OpenCV and Pillow do for 16-bit colours."""
    if grey.dtype.kind == 'f' or grey.min() < 0 or grey.max() > 0xffff:
        raise UsageError('its pixels are floats or 32-bit integers: save it with 8 or 16 bits')
    return np.repeat((grey >> 8).astype(np.uint8)[:, :, None], 3, axis=2)


def _orientation(image: Any) -> int:
    try:
        orientation: int = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:   # corrupt EXIF does not affect the pixels
        return 1
    return orientation


def _upright(pixels: NumPyArray, orientation: int) -> NumPyArray:
    if orientation in _TURNS:
        transposed, rows, columns = _TURNS[orientation]
        pixels = (pixels.swapaxes(0, 1) if transposed else pixels)[::rows, ::columns]
    return np.ascontiguousarray(pixels)
