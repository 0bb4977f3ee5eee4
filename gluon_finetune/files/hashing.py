"""SHA-1 and SHA-256 of files, in hexadecimal."""
from __future__ import annotations

import hashlib
from typing import IO, Any

from ..types import StrPath

CHUNK_BYTES = 1 << 20


def file_sha1(path: StrPath) -> str:
    """Return the SHA-1 of a file."""
    with open(path, 'rb') as file:
        return stream_sha1(file)


def stream_sha1(file: IO[bytes]) -> str:
    """Return the SHA-1 of the rest of an open file."""
    return _digest(hashlib.sha1(), file)


def file_sha256(path: StrPath) -> str:
    """Return the SHA-256 of a file."""
    with open(path, 'rb') as file:
        return stream_sha256(file)


def stream_sha256(file: IO[bytes]) -> str:
    """Return the SHA-256 of the rest of an open file."""
    return _digest(hashlib.sha256(), file)


def _digest(digest: Any, file: IO[bytes]) -> str:
    for chunk in iter(lambda: file.read(CHUNK_BYTES), b''):
        digest.update(chunk)
    text: str = digest.hexdigest()
    return text
