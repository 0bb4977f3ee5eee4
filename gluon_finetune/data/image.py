"""Image decoding: a file to upright RGB pixels.

Pillow decodes, not `mx.image.imread`: on photographs both give the same bytes in the same time, but
imread ignores the EXIF orientation, fills the missing part of a truncated JPEG with grey instead of
failing, and reads neither GIF nor WebP. For thumbnails, a JPEG can be decoded at a half, a quarter
or an eighth of its size in a fraction of the time; a net always sees the resized full size.
"""
from __future__ import annotations

import contextlib
import os
import stat
from typing import Any, BinaryIO, Callable, Iterator, TypeVar

from PIL import Image, ImageColor

from ..compat.gluon import from_numpy
from ..errors import UsageError
from ..types import Array, NumPyArray, StrPath
from .formats import FORMATS, unknown_format
from .modes import DEFAULT_BACKGROUND, is_transposed, upright_rgb
from .quiet import quiet_pillow
from .salvage import salvaged

T = TypeVar('T')

MIN_SIDE_PIXELS = 3       # a random crop of fewer than 5 pixels may round to none at all
MAX_PIXELS = 80_000_000   # 240 MB decoded; below the size that Pillow warns about

_JPEG_REDUCTIONS = (1, 2, 4, 8)   # factors by which a decoder can shrink JPEG's 8x8 blocks

_CORRUPT = 'corrupt: its data is truncated or invalid'


def read_image(path: StrPath, background: str = DEFAULT_BACKGROUND) -> Array:
    """Decode an image file.

    Grey, palette, CMYK, 16-bit and float images are converted, transparent pixels show the
    background, the EXIF orientation is applied, and an animation gives its first frame.

    Args:
        path: A JPEG, PNG, BMP, GIF, PPM, TIFF or WebP file; HEIC and AVIF where Pillow reads them.
        background: The colour behind transparent pixels, such as 'white' or '#808080'.

    Returns:
        An array of shape (height, width, 3), uint8, RGB: `mx.np.ndarray` under `npx.set_np()`,
        `mx.nd.NDArray` otherwise.

    Raises:
        UsageError: If the file cannot be decoded; the message has the path and the reason. Also if
            `background` is no colour.
    """
    check_background(background)
    try:
        pixels = read_pixels(path, background)
    except UsageError as reason:
        raise UsageError(f'cannot use the image {path}: {reason}') from None
    return from_numpy(pixels)


def read_pixels(path: StrPath, background: str = DEFAULT_BACKGROUND) -> NumPyArray:
    """Decode an image file into a NumPy array like `read_image`; errors have the reason alone."""
    return EncodedImage(path, background=background).decode()


class EncodedImage:
    """An image file whose pixels are not decoded yet.

    Args:
        path: The file.
        file: The same file if it is open already, to be read from its start.
        background: The colour behind transparent pixels.

    Attributes:
        shape: (height, width) of the upright image.
        reductions: The factors that `decode` takes.

    Raises:
        UsageError: If the file cannot be decoded; the message is the reason alone.
    """

    def __init__(self, path: StrPath, file: BinaryIO | None = None, *,
                 background: str = DEFAULT_BACKGROUND) -> None:
        self._path, self._file, self._background = path, file, background
        self._image: Any = None
        self._pixels: NumPyArray | None = None
        self.shape: tuple[int, int]
        self.reductions: tuple[int, ...]
        with self._closed_on_error():
            check_image_file(path)
            self._try(self._open)

    def close(self) -> None:
        """Close the file without decoding it."""
        if self._image is not None:
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
            return self._try(lambda: self._decoded(reduction))

    def _open(self) -> None:
        """Read the header, and the pixels too unless the file is a JPEG."""
        if self._image is None:
            self._image = Image.open(self._file or self._path, formats=FORMATS)
        _check_size(*self._image.size)
        if self._image.format in ('JPEG', 'MPO'):
            width, height = self._image.size
            self.shape = (width, height) if is_transposed(self._image) else (height, width)
            self.reductions = _JPEG_REDUCTIONS
        else:   # the header may be incomplete, and the file has to be read to its end anyway
            self._pixels = self._decoded()
            height, width = self._pixels.shape[:2]
            self.shape, self.reductions = (height, width), (1,)

    def _decoded(self, reduction: int = 1) -> NumPyArray:
        if reduction > 1:
            self._image.draft('RGB', tuple(side // reduction for side in self._image.size))
        pixels = upright_rgb(self._image, self._background)
        self._image.close()
        return pixels

    def _try(self, read: Callable[[], T]) -> T:
        """Return `read()`; where that fails, once more without metadata, if no pixel is missing."""
        try:
            return read()
        except (UsageError, Image.DecompressionBombError, MemoryError):
            raise
        except Exception as error:   # on corrupt data Pillow's plugins raise errors of any type
            if isinstance(error, OSError) and error.strerror:   # of the file system
                raise
            self.close()
            with contextlib.ExitStack() as stack:
                file = self._file or stack.enter_context(open(self._path, 'rb'))
                pixels_only = salvaged(file, _load)
                if pixels_only is None and isinstance(error, Image.UnidentifiedImageError):
                    file.seek(0)
                    raise UsageError(unknown_format(file.read(12))) from None
            if pixels_only is None:
                raise
        self._image = Image.open(pixels_only, formats=FORMATS)
        return read()

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            with explained_errors():
                yield
        except UsageError:
            self.close()
            raise


def _load(file: BinaryIO) -> Any:
    """Return a decoded Pillow image."""
    image = Image.open(file, formats=FORMATS)
    _check_size(*image.size)
    image.load()
    return image


@contextlib.contextmanager
def explained_errors() -> Iterator[None]:
    """Turn any exception of Pillow into a `UsageError` with the reason alone."""
    try:
        with quiet_pillow():
            yield
        return
    except UsageError:
        raise
    except Image.UnidentifiedImageError:
        reason = unknown_format()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        reason = _too_large('too many pixels')
    except OSError as error:
        reason = f'cannot be read: {error.strerror}' if error.strerror else _CORRUPT
    except Exception:   # on corrupt data Pillow's plugins raise errors of any type
        reason = _CORRUPT
    raise UsageError(reason) from None


def check_background(background: str) -> None:
    """Raise `UsageError` unless `background` is a colour that Pillow knows."""
    try:
        ImageColor.getrgb(background)
    except (ValueError, TypeError, AttributeError):
        raise UsageError(f"unknown background {background!r}: it must be a colour, such as 'white' "
                         f"or '#808080'") from None


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
    return f'{size}: the limit is {MAX_PIXELS // 10**6} million, scale it down'
