"""New folders that are complete or not there."""
from __future__ import annotations

import contextlib
import os
import tempfile
from typing import Iterator

from ..errors import UsageError, WorkError
from ..types import StrPath


def check_new(out: StrPath) -> None:
    """Raise `UsageError` if `out` exists."""
    if os.path.lexists(out):
        raise UsageError(f'{os.fspath(out)} already exists: name a new folder with --out')


@contextlib.contextmanager
def new_folder(out: StrPath) -> Iterator[str]:
    """Yield a folder that becomes `out` when the block ends, and is removed if it fails.

    Raises:
        UsageError: If `out` exists.
        WorkError: If the disk refuses it.
    """
    check_new(out)
    parent, name = os.path.split(os.path.abspath(out))
    try:
        os.makedirs(parent, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix=f'{name}.') as temporary:
            finished = os.path.join(temporary, name)
            os.mkdir(finished)
            yield finished
            os.rename(finished, out)
    except OSError as error:
        raise WorkError(f'cannot write {os.fspath(out)}: {error.strerror or error}') from None


def write_text(folder: str, name: str, text: str) -> None:
    """Write a text file into a folder."""
    with open(os.path.join(folder, name), 'w', encoding='utf-8', newline='\n') as file:
        file.write(text)
