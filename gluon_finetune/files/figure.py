"""Matplotlib figures as files."""
from __future__ import annotations

import io
import os
from typing import Any

from ..types import StrPath
from .atomic import atomic_write


def save_figure(figure: Any, path: StrPath) -> None:
    """Write a matplotlib figure, in the image format of the extension of `path`."""
    content = io.BytesIO()
    figure.savefig(content, format=os.path.splitext(path)[1][1:] or None, dpi=120)
    with atomic_write(path) as file:
        file.write(content.getvalue())
