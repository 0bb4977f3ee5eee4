"""Comparison and figure of the losses of full training runs."""
from __future__ import annotations

from typing import Mapping, NamedTuple

import numpy as np

from ..files.figure import save_figure
from ..types import Axes, StrPath
from .rows import DIFFERS, EQUAL, Row, ratio

FULL_RUN = 'full training run'   # name of the row


class Curve(NamedTuple):
    """A training run: the mean loss of each batch, by epoch, and the accuracy of each epoch."""
    losses: list[list[float]]
    test_accs: list[float]


def curve_row(curves: Mapping[str, Curve]) -> Row:
    """Judge the losses of seed 0, epoch by epoch; the tolerance is the range of the seeds."""
    *mxnet, torch = [[np.mean(epoch) for epoch in curve.losses] for curve in curves.values()]
    tolerances = [float(max(losses) - min(losses)) for losses in zip(*mxnet)]
    measured = [float(abs(one - other)) for one, other in zip(mxnet[-1], torch)]
    worst = max(range(len(measured)), key=lambda epoch: ratio(measured[epoch], tolerances[epoch]))
    verdict = EQUAL if measured[worst] <= tolerances[worst] else DIFFERS
    accs = [curve.test_accs[-1] for curve in curves.values()]
    return Row(FULL_RUN, tolerances[worst], measured[worst], verdict, None, None, None,
               f'mean loss of an epoch, range of {len(mxnet)} seeds; accuracy {accs[-2]:.3f}, '
               f'{accs[-1]:.3f}')


def plot_runs(curves: Mapping[str, Curve], path: StrPath) -> Axes:
    """Draw the loss of every batch, PyTorch's over MXNet's, into the image file `path`."""
    from matplotlib.figure import Figure
    figure = Figure((7, 4), layout='tight')
    ax = figure.add_subplot()
    for name, curve in curves.items():
        losses = [loss for epoch in curve.losses for loss in epoch]
        first, torch = name.endswith('seed 0'), name.startswith('PyTorch')
        ax.plot(range(1, len(losses) + 1), losses, label=name, linestyle='--' if torch else '-',
                color=('#d62728' if torch else '#1f77b4') if first else '#c8c8c8',
                linewidth=1.8 if first else 1)
    ax.set(xlabel='batch', ylabel='loss', ylim=(0, None))
    ax.grid(True)
    ax.legend()
    save_figure(figure, path)
    return ax
