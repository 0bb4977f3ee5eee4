"""Images that Pillow refuses although no pixel is missing: their metadata, or the end marker, is.

Only files that could not be decoded as they are come here.
"""
from __future__ import annotations

import io
import struct
import zlib
from typing import Any, BinaryIO, Callable, Iterator

import numpy as np

MAX_BYTES = 1 << 28   # larger files are not tried again

_PNG = b'\x89PNG\r\n\x1a\n'
_PIXEL_CHUNKS = (b'IHDR', b'PLTE', b'tRNS', b'IDAT', b'IEND')
_MAX_EXIF_BYTES = 1 << 16

_JPEG, _END_OF_IMAGE = b'\xff\xd8', b'\xff\xd9'
_START_OF_SCAN, _WITHOUT_LENGTH = 0xda, (0x01, *range(0xd0, 0xd8))
_APP1, _METADATA = 0xe1, (*range(0xe1, 0xee), 0xef, 0xfe)   # APP0 and APP14 describe the colours
_NOISE = bytes(byte % 255 for byte in np.random.RandomState(0).bytes(4096))   # without 0xff


def salvaged(file: BinaryIO, decode: Callable[[BinaryIO], Any]) -> BinaryIO | None:
    """Return a file with all pixels of `file` that can be decoded, None if there is none.

    Args:
        file: The file, which could not be decoded.
        decode: Function that decodes a file: returns a Pillow image, or raises an error.
    """
    file.seek(0)
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        return None
    if content.startswith(_PNG):
        return io.BytesIO(_PNG + b''.join(_png_chunks(content)))
    if content.startswith(_JPEG):
        return _complete_jpeg(_without_metadata(content), decode)
    return None


def _png_chunks(content: bytes) -> Iterator[bytes]:
    """Yield the chunks with pixels, and the EXIF data if it is intact."""
    position = len(_PNG)
    while position + 8 <= len(content):
        length, name = struct.unpack_from('>I4s', content, position)
        chunk = content[position:position + length + 12]
        position += len(chunk)
        intact = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], 'big')
        if name in _PIXEL_CHUNKS and (intact or name != b'tRNS'):
            yield chunk
        elif name == b'eXIf' and intact and length <= _MAX_EXIF_BYTES:
            yield chunk


def _without_metadata(content: bytes) -> bytes:
    """Return a JPEG without comments and application data other than EXIF."""
    kept, position = [_JPEG], len(_JPEG)
    while position + 4 <= len(content) and content[position] == 0xff:
        marker = content[position + 1]
        if marker == _START_OF_SCAN:
            break
        if marker == 0xff or marker in _WITHOUT_LENGTH:
            position += 1 + (marker != 0xff)
            continue
        size = 2 + int.from_bytes(content[position + 2:position + 4], 'big')
        exif = marker == _APP1 and content[position + 4:position + 10] == b'Exif\0\0'
        if exif or marker not in _METADATA:
            kept.append(content[position:position + size])
        position += size
    return b''.join(kept) + content[position:]


def _complete_jpeg(content: bytes, decode: Callable[[BinaryIO], Any]) -> BinaryIO | None:
    """Return a JPEG with its end marker, None if pixels are missing.

    They are missing if it matters what follows the last byte: libjpeg would take bytes that follow
    for pixels that it lacks, and ignores them otherwise.
    """
    rest = content.rstrip(b'\xff')   # a marker that was cut in two
    whole = rest if rest.endswith(_END_OF_IMAGE) else rest + _END_OF_IMAGE
    try:
        pixels = np.asarray(decode(io.BytesIO(whole)))
        for noise in () if whole is rest else (_NOISE, _NOISE[::-1]):
            other = decode(io.BytesIO(rest + noise + _END_OF_IMAGE))
            if not np.array_equal(pixels, np.asarray(other)):
                return None
    except Exception:   # on corrupt data Pillow's plugins raise errors of any type
        return None
    return io.BytesIO(whole)
