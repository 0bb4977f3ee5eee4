"""What happened in a run, as plain data that can draw itself; knows nothing about networks."""
import collections
import csv
import io
import math
import sys

from ..errors import UsageError
from ..files.atomic import atomic_write
from ..files.figure import save_figure
from ..files.read import read_bytes

Record = collections.namedtuple(
    'Record', 'epoch loss train_acc test_acc examples_per_sec seconds learning_rate')
Record.__doc__ = (
    'One epoch: its number from 1, mean training loss and accuracy while the weights were moving, '
    'accuracy on the test set after it, speed of training, seconds with evaluation, learning rate.')

MOST_BYTES = 1 << 26   # half a million epochs


class History(list):
    """A list of `Record`, one an epoch."""

    def __repr__(self):
        return '\n'.join(describe(record) for record in self) or 'no epoch yet'

    @property
    def best(self):
        """The record of the epoch with the highest test accuracy, the earliest of equals."""
        return max(self, key=lambda record: record.test_acc)

    def to_csv(self, path):
        """Writes one line an epoch, with a heading."""
        text = io.StringIO(newline='')
        csv.writer(text).writerows([Record._fields, *self])
        with atomic_write(path) as file:
            file.write(text.getvalue().encode())

    @classmethod
    def from_csv(cls, path):
        """Reads what `to_csv` wrote; raises `UsageError` for another file."""
        try:
            text = read_bytes(path, MOST_BYTES).decode('ascii')
            history = cls(
                Record(int(row['epoch']), *(_finite(row[name]) for name in Record._fields[1:]))
                for row in csv.DictReader(io.StringIO(text, newline='')))
        except (KeyError, ValueError, TypeError, csv.Error) as error:
            raise UsageError(f'{path} is not a history: expected a table with the columns '
                             f'{", ".join(Record._fields)} ({error})') from None
        return history

    def plot(self, path=None, ax=None):
        """Draws loss and accuracies over the epochs, as the chapter does; returns the axes.

        `path` names an image file to write; without `ax` a new figure is made.
        """
        if ax is None:
            from matplotlib import pyplot
            from matplotlib.figure import Figure
            figure = Figure((5, 3.5), layout='tight') if path else pyplot.figure(figsize=(5, 3.5))
            ax = figure.add_subplot()
        epochs = [record.epoch for record in self]
        for name, style in (('loss', '-'), ('train_acc', 'm--'), ('test_acc', 'g-.')):
            ax.plot(epochs, [getattr(record, name) for record in self], style, marker='.',
                    label=name.replace('_', ' '))
        top = max([1.02] + [record.loss for record in self])
        ax.set(xlabel='epoch', ylim=(0, min(top, 2)))  # one huge loss must not flatten the rest
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(True)
        ax.legend()
        if path:
            save_figure(ax.figure, path)
        return ax


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f'{text} is no number')
    return number


def describe(record):
    """One line about one epoch."""
    return (f'epoch {record.epoch}: loss {record.loss:.3f}, train acc {record.train_acc:.3f}, '
            f'test acc {record.test_acc:.3f}, {record.examples_per_sec:.1f} examples/s')


def live_plot():
    """A function that redraws a `History` in place in a notebook and does nothing elsewhere."""
    ipython = sys.modules.get('IPython')
    shell = ipython and ipython.get_ipython()
    if not hasattr(shell, 'kernel'):
        return lambda history: None
    handle = ipython.display.display(display_id=True)

    def redraw(history):
        from matplotlib import pyplot
        ax = history.plot()
        handle.update(ax.figure)
        pyplot.close(ax.figure)
    return redraw
