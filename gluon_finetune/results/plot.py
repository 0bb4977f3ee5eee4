"""Figures of images, predictions and training histories."""
from __future__ import annotations

import math
from typing import Any, Iterable, Mapping, Sequence

import numpy as np

from ..files.figure import save_figure, set_epochs
from ..training.history import History
from ..types import Axes, Figure, NumPyArray, Ranking, StrPath
from .text import add_legend, set_title
from .thumbnails import shrink

PIXELS_PER_INCH = 300   # more than a screen shows and a file gets
RIGHT, WRONG = '#1a7f37', '#b42318'   # colours of the titles: green, red


def show_images(imgs: Iterable[Any], num_rows: int, num_cols: int,
                titles: Sequence[str] | None = None, scale: float = 1.5,
                path: StrPath | None = None) -> list[Axes]:
    """Draw images on a grid.

    Args:
        imgs: Images (height, width, 3), MXNet or NumPy arrays.
        num_rows: Rows of the grid.
        num_cols: Columns of the grid.
        titles: One title for each image.
        scale: Width and height of each cell of the grid, in inches.
        path: Image file to write instead of showing the figure.

    Returns:
        The axes of all cells, row by row.

    Source:
        Chapter: section "Reading the Dataset" calls `d2l.show_images`.
    """
    figure = _new_figure((num_cols * scale, num_rows * scale), path)
    axes = [figure.add_subplot(num_rows, num_cols, i + 1) for i in range(num_rows * num_cols)]
    for ax in axes:
        ax.axis('off')
    for i, (ax, img) in enumerate(zip(axes, imgs)):
        ax.imshow(_shrunk(img, math.ceil(scale * PIXELS_PER_INCH)))
        if titles:
            set_title(ax, titles[i], fontsize=9)
    if path:
        save_figure(figure, path)
    return axes


def plot_predictions(imgs: Sequence[Any], labels: Sequence[str], predictions: Sequence[Ranking],
                     num_cols: int = 6, path: StrPath | None = None) -> list[Axes]:
    """Draw images on a grid, each titled with its predicted class.

    Titles of wrong predictions are red and name the true class too.

    Args:
        imgs: Images (height, width, 3), MXNet or NumPy arrays.
        labels: The name of the true class of each image.
        predictions: What a `Predictor` returned for each image.
        num_cols: Columns of the grid.
        path: Image file to write instead of showing the figure.

    Returns:
        The axes of all cells, row by row.
    """
    num_rows = -(-len(imgs) // num_cols)
    axes = show_images(imgs, num_rows, num_cols, scale=1.9)
    for ax, label, ranking in zip(axes, labels, predictions):
        name, probability = ranking[0]
        set_title(ax, f'{name} {probability:.2f}' + ('' if name == label else f'\nis {label}'),
                  color=RIGHT if name == label else WRONG, fontsize=8)
    figure = axes[0].figure
    figure.set_layout_engine('tight')
    if path:
        save_figure(figure, path)
        _close(figure)
    return axes


def plot_comparison(histories: Mapping[str, History], path: StrPath | None = None) -> Axes:
    """Draw the accuracy of several runs over the epochs: on validation images, or on test images.

    Args:
        histories: The `History` of each run under the name that the legend shows.
        path: Image file to write instead of showing the figure.
    """
    figure = _new_figure((5.5, 3.5), path)
    ax = figure.add_subplot()
    lines = [ax.plot([record.epoch for record in history],
                     [record.accuracy for record in history], marker='o', label=name)[0]
             for name, history in histories.items()]
    parts = {'validation' if record.is_validated else 'test'
             for history in histories.values() for record in history}
    ax.set(ylabel=f'{" or ".join(sorted(parts)) or "test"} accuracy', ylim=(0, 1.02))
    set_epochs(ax, max(map(len, histories.values()), default=0))
    ax.grid(True)
    add_legend(ax, lines, histories, loc='lower right')
    if path:
        save_figure(figure, path)
    return ax


def _shrunk(img: Any, side: int) -> NumPyArray:
    """Return an image as an array that is no larger than it is drawn."""
    pixels = np.asarray(img.asnumpy() if hasattr(img, 'asnumpy') else img)
    return shrink(pixels, side) if pixels.dtype == np.uint8 else pixels


def _new_figure(size: tuple[float, float], path: StrPath | None) -> Figure:
    """Return a figure that pyplot shows, or without pyplot when it goes to the file `path`."""
    from matplotlib import pyplot
    from matplotlib.figure import Figure
    return Figure(size, layout='tight') if path else pyplot.figure(figsize=size, layout='tight')


def _close(figure: Figure) -> None:
    from matplotlib import pyplot
    pyplot.close(figure)
