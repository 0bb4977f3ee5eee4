"""Matplotlib figures as files, and axes of epochs."""
from __future__ import annotations

import io
import os
from typing import Any

from ..types import StrPath
from .atomic import atomic_write


def set_epochs(ax: Any, count: int) -> None:
    """Make the x-axis of `ax` that of the epochs 1 to `count`, with ticks at whole numbers."""
    from matplotlib.ticker import MaxNLocator
    ax.set_xlabel('epoch')
    if count <= 1:
        ax.set_xlim(0.5, 1.5)
    ax.xaxis.set_major_locator(MaxNLocator('auto', steps=[1, 2, 5, 10], integer=True,
                                           min_n_ticks=1))


def save_figure(figure: Any, path: StrPath) -> None:
    """Write a matplotlib figure, in the image format of the extension of `path`."""
    content = io.BytesIO()
    figure.savefig(content, format=os.path.splitext(path)[1][1:] or None, dpi=120)
    with atomic_write(path) as file:
        file.write(content.getvalue())
