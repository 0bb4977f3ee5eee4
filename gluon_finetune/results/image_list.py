"""The images that a command line names: files, folders, globs and a list on standard input."""
from __future__ import annotations

import glob
import os
import select
from typing import Iterable, Iterator, Sequence, Union

from ..data.check import BadImage
from ..data.formats import EXTENSIONS

CHUNK_BYTES = 1 << 16
_THUMBNAILS = ('__MACOSX', '@eaDir')   # folders that archive programs and file servers add
_Image = Union[str, BadImage]   # a file, or a word that names none


def list_images(words: Iterable[str], stdin: int, size: int) -> Iterator[Sequence[_Image]]:
    """Yield the images that `words` name in batches, for `Predictor.stream`.

    Args:
        words: Files, folders (every image in them, at any depth), patterns such as 'new/*.jpg' and
            '-': one path per line of standard input, whose batches have the lines that have
            arrived.
        stdin: File descriptor of standard input.
        size: Largest number of images in a batch.
    """
    batch: list[_Image] = []
    for image in _images(words, stdin):
        if image is not None:
            batch.append(image)
        if batch and (image is None or len(batch) == size):
            yield batch
            batch = []
        if image is None:
            yield []
    yield batch


def _images(words: Iterable[str], stdin: int) -> Iterator[_Image | None]:
    """Yield the images one by one, and None before waiting for standard input."""
    for word in words:
        if word == '-':
            yield from _read_lines(stdin)
        elif not os.path.lexists(word) and glob.has_magic(word):
            found = sorted(glob.glob(word, recursive=True))
            for path in found:
                yield from _in_folder(path)
            if not found:
                yield BadImage(word, 'no file matches this pattern')
        else:
            yield from _in_folder(word)


def _in_folder(path: str) -> Iterator[_Image]:
    """Yield a file, or the images in a folder except hidden ones."""
    if not os.path.isdir(path):
        yield path
        return
    empty = True
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders
                            if not name.startswith('.') and name not in _THUMBNAILS)
        for name in sorted(names):
            if name.lower().endswith(EXTENSIONS) and not name.startswith('.'):
                empty = False
                yield os.path.join(folder, name)
    if empty:
        yield BadImage(path, f'no images in this folder: expected {", ".join(EXTENSIONS)} files')


def _read_lines(stdin: int) -> Iterator[str | None]:
    rest, chunk = b'', b'begin'
    while chunk:
        if not _is_ready(stdin):
            yield None
        chunk = os.read(stdin, CHUNK_BYTES)
        *lines, rest = (rest + chunk).split(b'\n')
        yield from map(_path, filter(None, lines))
    if rest:
        yield _path(rest)


def _is_ready(stdin: int) -> bool:
    try:
        return bool(select.select([stdin], [], [], 0)[0])
    except (OSError, ValueError):   # on Windows, where only sockets can be asked
        return True


def _path(line: bytes) -> str:
    r"""Return a line as a path; a \r at its end belongs to it only if there is such a file."""
    path = os.fsdecode(line)
    return path[:-1] if path.endswith('\r') and not os.path.lexists(path) else path
