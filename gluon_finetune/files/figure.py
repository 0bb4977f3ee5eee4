"""Writes matplotlib figures to files."""
import io
import os

from .atomic import atomic_write


def save_figure(figure, path):
    """Writes a matplotlib figure as the kind of image that the name ends in."""
    content = io.BytesIO()
    figure.savefig(content, format=os.path.splitext(path)[1][1:] or None, dpi=120)
    with atomic_write(path) as file:
        file.write(content.getvalue())
