"""Turns one image file into RGB pixels; knows no folders, classes or networks.

Pillow decodes, not `mx.image.imread`: on photographs both give the same bytes in the same time, but
imread ignores the EXIF orientation, fills the missing part of a truncated JPEG with grey instead of
failing, and reads neither GIF nor WebP. A large JPEG can be decoded at a half, a quarter or an
eighth of its size for a fraction of the time.
"""
import contextlib
import os
import stat

import numpy as np
from PIL import Image, TiffImagePlugin, WebPImagePlugin  # noqa: F401, to register the two

from ..compat.gluon import from_numpy
from ..errors import UsageError

EXTENSIONS = ('.jpg', '.jpeg', '.png', '.bmp', '.gif', '.jfif', '.tif', '.tiff', '.webp')
_FORMATS = ('JPEG', 'PNG', 'BMP', 'GIF', 'TIFF', 'WEBP')
Image.preinit()   # the other four plugins

MIN_SIDE = 3              # a random crop of fewer than 5 pixels may round to none at all
MAX_PIXELS = 80_000_000   # 240 MB decoded; below the size at which Pillow itself protests

_JPEG_REDUCTIONS = (1, 2, 4, 8)   # what its 8x8 blocks can be decoded to at once

_DAMAGED = 'damaged: its data end early or make no sense'

# EXIF orientation -> (rows and columns swapped, step along the rows, step along the columns)
_ORIENTATION_TAG = 0x0112
_TURNS = {2: (False, 1, -1), 3: (False, -1, -1), 4: (False, -1, 1),
          5: (True, 1, 1), 6: (True, 1, -1), 7: (True, -1, -1), 8: (True, -1, 1)}


def read_image(path):
    """Decode an image into an array of shape (height, width, 3), uint8, RGB, upright.

    Grey, palette, CMYK and 16-bit images are converted, transparency is dropped, the EXIF
    orientation is applied, and an animation gives its first frame. The array is of the style in
    force: `mx.np.ndarray` under `npx.set_np()`, `mx.nd.NDArray` otherwise.
    Raises `UsageError` with the path and the reason where there is no image to be had.
    """
    try:
        pixels = read_pixels(path)
    except UsageError as reason:
        raise UsageError(f'cannot use the image {path}: {reason}') from None
    return from_numpy(pixels)


def read_pixels(path):
    """Decode an image into a NumPy array like `read_image`; the error is the reason alone."""
    return EncodedImage(path).decode()


class EncodedImage:
    """One image file whose upright `shape` (height, width) is known before its pixels are.

    `reductions` are the numbers that `decode` takes. Raises `UsageError` with the reason alone, as
    `decode` does.
    """

    def __init__(self, path):
        with _explained():
            _check_file(path)
            self._image = Image.open(path, formats=_FORMATS)
        with self._closed_on_error():
            _check_size(*self._image.size)
            if self._image.format in ('JPEG', 'MPO'):
                swapped = _TURNS.get(_orientation(self._image), (False,))[0]
                self.shape = self._image.size if swapped else self._image.size[::-1]
                self.reductions, self._pixels = _JPEG_REDUCTIONS, None
            else:   # its header need not tell the whole story, and has to be read to the end anyway
                self._pixels = self._decoded()
                self.shape, self.reductions = self._pixels.shape[:2], (1,)

    def close(self):
        """Close the file without decoding it."""
        self._image.close()

    def decode(self, reduction=1):
        """The pixels as (height, width, 3) uint8 RGB, upright; closes the file.

        Both sides come out divided by `reduction`, one of `reductions`, and rounded up.
        """
        if self._pixels is not None:
            return self._pixels
        with self._closed_on_error():
            if reduction > 1:
                self._image.draft('RGB', tuple(side // reduction for side in self._image.size))
            return self._decoded()

    def _decoded(self):
        self._image.load()
        pixels = _upright(_rgb(self._image), _orientation(self._image))
        self._image.close()
        return pixels

    @contextlib.contextmanager
    def _closed_on_error(self):
        try:
            with _explained():
                yield
        except UsageError:
            self._image.close()
            raise


@contextlib.contextmanager
def _explained():
    """Turn whatever Pillow raises into a `UsageError` that is the reason alone."""
    try:
        yield
        return
    except UsageError:
        raise
    except Image.UnidentifiedImageError:
        reason = 'not an image that can be read: expected JPEG, PNG, BMP, GIF, TIFF or WebP'
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        reason = _too_large('too many pixels')
    except OSError as error:
        reason = f'cannot be read: {error.strerror}' if error.strerror else _DAMAGED
    except Exception:   # Pillow's plugins answer damage with whatever their parsing runs into
        reason = _DAMAGED
    raise UsageError(reason) from None


def _check_file(path):
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):   # opening a named pipe would wait for ever
        raise UsageError('not a file')
    if status.st_size == 0:
        raise UsageError('the file is empty')


def _check_size(width, height):
    if width * height > MAX_PIXELS:
        raise UsageError(_too_large(f'{width}x{height} pixels'))
    if min(width, height) < MIN_SIDE:
        raise UsageError(f'{width}x{height} pixels: too small to crop, '
                         f'at least {MIN_SIDE}x{MIN_SIDE} are needed')


def _too_large(size):
    return f'{size}: at most {MAX_PIXELS // 10**6} million are decoded, scale it down'


def _rgb(image):
    if image.mode.startswith(('I', 'F')):
        return _eight_bits(np.asarray(image))
    if 'transparency' in image.info:   # Pillow warns about a palette with it unless told to keep it
        image = image.convert('RGBA')
    return np.asarray(image.convert('RGB'))


def _eight_bits(grey):
    """The high byte of 16-bit grey values, as OpenCV and Pillow take it of 16-bit colours."""
    if grey.dtype.kind == 'f' or grey.min() < 0 or grey.max() > 0xffff:
        raise UsageError('its pixels are floats or 32-bit integers: save it with 8 or 16 bits')
    return np.repeat((grey >> 8).astype(np.uint8)[:, :, None], 3, axis=2)


def _orientation(image):
    try:
        return image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:   # broken EXIF spoils no pixels
        return 1


def _upright(pixels, orientation):
    if orientation in _TURNS:
        swapped, rows, columns = _TURNS[orientation]
        pixels = (pixels.swapaxes(0, 1) if swapped else pixels)[::rows, ::columns]
    return np.ascontiguousarray(pixels)
