"""Where a run directory may be."""
from __future__ import annotations

import os
import tempfile

from ..errors import UsageError
from ..types import StrPath


def check_free(path: StrPath) -> None:
    """Raise `UsageError` unless `path` is a new or empty folder that can be written."""
    if os.path.lexists(path) and not (os.path.isdir(path) and not os.listdir(path)):
        raise UsageError(f'output folder {path} already exists: choose a new one with --out, or '
                         f'resume the run in it with --resume')
    parent = os.path.abspath(path)
    while not os.path.lexists(parent):
        parent = os.path.dirname(parent)
    try:
        tempfile.TemporaryFile(dir=parent).close()
    except OSError as error:
        raise UsageError(f'output folder {path} cannot be written: {error.strerror}') from None


def check_outside(path: StrPath, data: StrPath) -> None:
    """Raise `UsageError` if a new run directory would be inside the folder of images `data`.

    A folder of a run among folders of classes would be one more class.
    """
    inside, folder = os.path.realpath(path), os.path.realpath(os.path.expanduser(data))
    if os.path.isdir(folder) and os.path.join(inside, '').startswith(os.path.join(folder, '')):
        outside = first_free(
            os.path.join(os.path.dirname(folder), 'runs', os.path.basename(folder)))
        raise UsageError(f'output folder {path} is inside {data}, the folder of images: choose one '
                         f'outside, such as --out {os.path.relpath(outside)}')


def first_free(path: str) -> str:
    """Return `path`, or the first of `path-2`, `path-3` ... that does not exist."""
    name, number = path, 1
    while os.path.lexists(name):
        number += 1
        name = f'{path}-{number}'
    return name
