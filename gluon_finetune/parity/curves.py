"""Judges and draws the losses of whole runs; trains nothing."""
import numpy as np

from ..files.figure import save_figure
from .rows import DIFFERS, EQUAL, Row, share

WHOLE_RUN = 'a whole run'


def curve_row(curves):
    """The `Row` of the losses of seed 0, epoch by epoch; tolerance: how far the seeds are apart."""
    *here, there = [[np.mean(epoch) for epoch in curve.losses] for curve in curves.values()]
    spreads = [max(losses) - min(losses) for losses in zip(*here)]
    apart = [abs(one - other) for one, other in zip(here[-1], there)]
    worst = max(range(len(apart)), key=lambda epoch: share(apart[epoch], spreads[epoch]))
    verdict = EQUAL if apart[worst] <= spreads[worst] else DIFFERS
    accs = [curve.test_accs[-1] for curve in curves.values()]
    return Row(WHOLE_RUN, spreads[worst], apart[worst], verdict, None, None, None,
               f'loss of an epoch, spread of {len(here)} seeds; accuracy {accs[-2]:.3f}, '
               f'{accs[-1]:.3f}')


def plot_runs(curves, path):
    """Draw the loss of every batch, PyTorch's over MXNet's, into the file `path`."""
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
