"""The table of all comparisons: runs them one after the other and formats their rows."""
from __future__ import annotations

from typing import Iterable, Iterator, Sequence

from ..errors import UsageError
from ..types import StrPath
from .checks import all_checks
from .curves import FULL_RUN, curve_row, plot_runs
from .full_run import compare_default_runs
from .rows import Row
from .torch_training import pytorch

# Heading and width of each column of a Markdown table.
COLUMNS = {'check': 25, 'rounding': 8, 'tolerance': 9, 'measured': 8, 'float64: tolerance': 18,
           'measured ': 9, 'verdict': 7, 'note': 0}


def run_table(only: Sequence[str] | None = None, data: StrPath | None = None,
              source: str | None = None, out: StrPath | None = None) -> Iterator[Row]:
    """Run the comparisons; yield the row of each as soon as it is done.

    Args:
        only: Parts of the names of the comparisons to run; default: all.
        data: Folder of images for the full training run; default: synthetic images.
        source: File of weights from which it starts; default: random weights.
        out: Image file for its loss curves.

    Raises:
        UsageError: PyTorch is not installed, or no comparison has such a name.
    """
    def wanted(name: str) -> bool:
        return not only or any(part in name for part in only)
    pytorch()   # raises if it is not installed
    checks = [check for check in all_checks() if wanted(check.name)]
    if only and not checks and not wanted(FULL_RUN):
        names = [check.name for check in all_checks()] + [FULL_RUN]
        raise UsageError(f'no comparison has {" or ".join(map(repr, only))} in its name; known '
                         f'comparisons: {", ".join(names)}')
    for check in checks:
        yield check.row()
    if wanted(FULL_RUN):
        curves = compare_default_runs(data, source)
        if out:
            plot_runs(curves, out)
        yield curve_row(curves)


def heading() -> str:
    """Return the first two lines of the table."""
    names = [f'{name:{width}}' for name, width in COLUMNS.items()]
    return _line(names) + '\n' + _line('-' * len(name) for name in names)


def line(row: Row) -> str:
    """Return the line of a row."""
    cells = (row.name, number(row.rounding), number(row.tolerance), number(row.measured),
             number(row.tolerance64 if row.measured64 is not None else None),
             number(row.measured64), row.verdict, row.note)
    return _line(f'{cell:{width}}' for cell, width in zip(cells, COLUMNS.values()))


def number(value: float | None) -> str:
    """Format a number with two digits, None as nothing."""
    return '' if value is None else f'{value:.2g}'


def _line(cells: Iterable[str]) -> str:
    return f'| {" | ".join(cells)} |'
