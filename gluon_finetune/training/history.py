"""The result of a training: one record per epoch, as a table or a plot."""
from __future__ import annotations

import csv
import io
import math
import statistics
import sys
from typing import Any, Callable, List, Mapping, NamedTuple, Sequence

from ..errors import UsageError
from ..files.atomic import atomic_write
from ..files.figure import save_figure, set_epochs
from ..files.read import read_bytes
from ..types import Axes, StrPath

MAX_BYTES = 1 << 26   # half a million epochs
OUTLIER_RATIO = 20     # of the largest loss to the median, from which its axis is logarithmic


class Record(NamedTuple):
    """Results of one epoch.

    Attributes:
        epoch: Its number, from 1.
        loss: Mean training loss, while the weights were changing.
        train_acc: Training accuracy, while the weights were changing.
        test_acc: Test accuracy after the epoch; NaN where it was not measured, as with validation
            images.
        examples_per_sec: Training speed.
        seconds: Duration with evaluation.
        learning_rate: Learning rate at its beginning.
        val_acc: Validation accuracy after the epoch; NaN without validation images.
    """

    epoch: int
    loss: float
    train_acc: float
    test_acc: float
    examples_per_sec: float
    seconds: float
    learning_rate: float
    val_acc: float = math.nan

    @property
    def is_validated(self) -> bool:
        """Whether there is a validation accuracy."""
        return not math.isnan(self.val_acc)

    @property
    def accuracy(self) -> float:
        """The accuracy that the best epoch is chosen by: `val_acc`, or without it `test_acc`."""
        return self.val_acc if self.is_validated else self.test_acc

    def measured(self) -> dict[str, float]:
        """Return the fields that are not NaN, by name."""
        return {name: value for name, value in self._asdict().items() if not math.isnan(value)}

    def __reduce__(self) -> tuple[Any, ...]:
        return _copy_of, tuple(self)


EVALUATED = ('test_acc', 'val_acc')   # an epoch has at least one of these
REQUIRED = [name for name in Record._fields if name not in EVALUATED]
LABELS = {'train_acc': 'train acc', 'val_acc': 'validation acc', 'test_acc': 'test acc'}


class History(List[Record]):
    """A list of `Record`, one per epoch."""

    def __repr__(self) -> str:
        return '\n'.join(describe(record) for record in self) or 'no epoch yet'

    @property
    def best(self) -> Record:
        """The record with the highest validation accuracy, the earliest of equals.

        Without validation images it is the one with the highest test accuracy.
        """
        return max(self, key=lambda record: record.accuracy)

    @property
    def columns(self) -> list[str]:
        """The names of the fields that were measured, in the order of those of `Record`."""
        measured = {name for record in self for name in record.measured()}
        return [name for name in Record._fields if name in measured]

    def to_csv(self, path: StrPath) -> None:
        """Write a CSV file: a header, which is `columns`, and a row per epoch.

        Args:
            path: The file.

        Raises:
            WorkError: The file cannot be written.
        """
        text = io.StringIO(newline='')
        table = csv.DictWriter(text, self.columns)
        table.writeheader()
        table.writerows(record.measured() for record in self)
        with atomic_write(path) as file:
            file.write(text.getvalue().encode())

    @classmethod
    def from_csv(cls, path: StrPath) -> History:
        """Read a CSV file of `to_csv`.

        Args:
            path: The file.

        Returns:
            The `History`.

        Raises:
            UsageError: The file cannot be read or is not such a table.
        """
        try:
            text = read_bytes(path, MAX_BYTES).decode('ascii')
            return cls(map(_from_row, csv.DictReader(io.StringIO(text, newline=''))))
        except (KeyError, ValueError, TypeError, csv.Error) as error:
            raise UsageError(f'{path} is not a history: expected a table with the columns '
                             f'{", ".join(REQUIRED)} and test_acc or val_acc ({error})') from None

    def plot(self, path: StrPath | None = None, ax: Axes | None = None) -> Axes:
        """Plot loss and accuracies over the epochs, each on an axis of its own.

        The axis of the loss is at the left; it is logarithmic where one loss is so large that it
        would flatten the curve. That of the accuracies is at the right.

        Args:
            path: Image file to write.
            ax: Matplotlib axes for the loss (default: those of a new figure).

        Returns:
            The axes of the loss; those of the accuracies are the last of its figure.
        """
        ax = ax or _new_axes(in_notebook=not path)
        right = ax.twinx()
        lines = [axes.plot([record.epoch for record in self],
                           [getattr(record, name) for record in self], style, marker='.',
                           label=LABELS.get(name, name))[0]
                 for axes, name, style in ((ax, 'loss', 'C0-'), (right, 'train_acc', 'm--'),
                                           (right, 'val_acc', 'C1:'), (right, 'test_acc', 'g-.'))
                 if name in self.columns]
        ax.set(ylabel='loss', yscale=_loss_scale([record.loss for record in self]))
        right.set(ylabel='accuracy', ylim=_accuracy_limits(self))
        set_epochs(ax, len(self))
        ax.grid(True)
        ax.legend(handles=lines, loc='lower center', bbox_to_anchor=(0.5, 1), ncol=4,
                  frameon=False)   # outside: 'best' knows the lines of one of the axes only
        if path:
            save_figure(ax.figure, path)
        return ax


def _new_axes(in_notebook: bool) -> Axes:
    from matplotlib import pyplot
    from matplotlib.figure import Figure
    figure = (pyplot.figure(figsize=(5.5, 3.5), layout='tight') if in_notebook else
              Figure((5.5, 3.5), layout='tight'))
    return figure.add_subplot()


def _loss_scale(losses: Sequence[float]) -> str:
    """Return whether the axis of the loss is 'linear' or 'log'."""
    outlier = losses and max(losses) > OUTLIER_RATIO * statistics.median(losses)
    return 'log' if outlier and min(losses) > 0 else 'linear'


def _accuracy_limits(history: History) -> tuple[float, float]:
    """Return the limits of the axis of the accuracies: a little more than they span."""
    accs = [value for record in history for name, value in record.measured().items()
            if name in LABELS] or [0, 1]
    return max(min(accs) - 0.05, -0.02), min(max(accs) + 0.05, 1.02)


def _copy_of(*values: Any) -> Record:
    """Return a record that equals its original: NaN does so only as the same object."""
    same: list[Any] = [math.nan if math.isnan(value) else value for value in values]
    return Record(*same)


def record_of(measured: Mapping[str, float]) -> Record:
    """Return the record of which these are the fields that were measured."""
    fields: dict[str, Any] = {'test_acc': math.nan, **measured}
    return Record(**fields)


def _from_row(row: Mapping[str, str]) -> Record:
    values = {name: _finite(row[name]) for name in REQUIRED}
    accs = {name: _finite(row[name]) for name in EVALUATED if row.get(name)}
    if not accs:
        raise KeyError('test_acc')
    return record_of({**values, **accs, 'epoch': int(row['epoch'])})


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f'{text} is not a finite number')
    return number


def describe(record: Record) -> str:
    """Describe an epoch in one line."""
    accs = ''.join(f'{label} {getattr(record, name):.3f}, ' for name, label in LABELS.items()
                   if name in record.measured())
    return (f'epoch {record.epoch}: loss {record.loss:.3f}, {accs}'
            f'{record.examples_per_sec:.1f} examples/s')


def live_plot() -> Callable[[History], None]:
    """Return a function that redraws a `History` in a notebook and does nothing elsewhere."""
    ipython = sys.modules.get('IPython')
    shell = ipython and ipython.get_ipython()
    if ipython is None or not hasattr(shell, 'kernel'):
        return lambda history: None
    display = ipython.display
    handle = display.display(display_id=True)

    def redraw(history: History) -> None:
        from matplotlib import pyplot
        ax = history.plot()
        handle.update(ax.figure)
        pyplot.close(ax.figure)
    return redraw
