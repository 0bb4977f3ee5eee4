"""Runs the comparisons one after the other and writes their rows; computes nothing itself."""
from ..errors import UsageError
from .checks import all_checks
from .curves import WHOLE_RUN, curve_row, plot_runs
from .torch_tools import pytorch
from .whole_run import compare_by_default

# Markdown that is also readable as it is: a heading and a width for each column.
COLUMNS = {'compared': 25, 'rounding': 8, 'tolerance': 9, 'measured': 8, 'float64: tolerance': 18,
           'measured ': 9, 'verdict': 7, 'what': 0}


def run_table(only=None, data=None, source=None, out=None):
    """Yield the `Row` of every comparison as soon as it is done.

    `only`: parts of the names of those that are wanted. `data`, a folder of images, and `source`,
    a file of weights, are for the whole run, whose curves are drawn into the file `out`. Raises
    `UsageError` without PyTorch, or when nothing is called so.
    """
    def wanted(name):
        return not only or any(part in name for part in only)
    pytorch()   # or it is not installed
    checks = [check for check in all_checks() if wanted(check.name)]
    if not checks and not wanted(WHOLE_RUN):
        raise UsageError(f'no comparison is called {" or ".join(only)}: expected a part of one of '
                         f'{", ".join(check.name for check in all_checks())}, {WHOLE_RUN}')
    for check in checks:
        yield check.row()
    if wanted(WHOLE_RUN):
        curves = compare_by_default(data, source)
        if out:
            plot_runs(curves, out)
        yield curve_row(curves)


def heading():
    """The first two lines of the table."""
    names = [f'{name:{width}}' for name, width in COLUMNS.items()]
    return _line(names) + '\n' + _line('-' * len(name) for name in names)


def line(row):
    """The line of a `Row`."""
    cells = (row.name, number(row.rounding), number(row.tolerance), number(row.measured),
             number(row.tolerance64 if row.measured64 is not None else None),
             number(row.measured64), row.verdict, row.note)
    return _line(f'{cell:{width}}' for cell, width in zip(cells, COLUMNS.values()))


def number(value):
    """Two digits, or nothing for None."""
    return '' if value is None else f'{value:.2g}'


def _line(cells):
    return f'| {" | ".join(cells)} |'
