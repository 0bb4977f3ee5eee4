"""`gluon-finetune compare`."""
from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .common import add_json, print_json

if TYPE_CHECKING:
    from ..results.compare import Comparison


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('paths', metavar='RUN', nargs='+', help='run directories, at least two')
    parser.add_argument('--out', metavar='FILE', help='page with the learning curves to write')
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Print accuracies, settings that differ and McNemar's test; write the page."""
    from ..results.compare import compare_runs, write_comparison
    comparison = compare_runs(args.paths)
    if args.out:
        write_comparison(args.out, comparison)
    if args.json:
        print_json(_to_json(comparison))
    else:
        print('\n'.join(_lines(comparison)))
        page = f'page: {args.out}' if args.out else 'for the learning curves: --out compare.html'
        print(f'\n{page}')


def _lines(comparison: Comparison) -> list[str]:
    rows = [['run', 'test accuracy', '95% interval', 'images', 'best epoch']]
    for run in comparison.runs:
        interval = '{:.1%} to {:.1%}'.format(*run.interval) if run.interval else '-'
        rows.append([run.name, f'{run.accuracy:.1%}', interval, str(run.images or '-'),
                     f'{run.best_epoch} of {run.epochs}'])
    lines = _aligned(rows)
    lines += [f'{run.name}: {run.problem}' for run in comparison.runs if run.problem]
    names = [run.name for run in comparison.runs]
    if comparison.settings:
        lines += ['', *_aligned([['setting', *names],
                                 *([each.flag, *(value or '-' for value in each.values)]
                                   for each in comparison.settings)])]
    else:
        lines += ['', 'all settings are equal']
    return [*lines, '', "McNemar's exact test on the same test images",
            *map(_test_line, comparison.pairs)]


def _test_line(pair: Any) -> str:
    if pair.test is None:
        return f'{pair.first}, {pair.second}: {pair.problem}'
    test = pair.test
    return (f'{pair.first}, {pair.second}: both right {test.both_right}, only {pair.first} '
            f'{test.only_first}, only {pair.second} {test.only_second}, both wrong '
            f'{test.both_wrong}: p = {test.p_value:.2g}')


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ['  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in rows]


def _to_json(comparison: Comparison) -> dict[str, Any]:
    return {'runs': [run._asdict() for run in comparison.runs],
            'settings': {each.flag: each.values for each in comparison.settings},
            'pairs': [{'first': pair.first, 'second': pair.second, 'problem': pair.problem,
                       **(pair.test._asdict() if pair.test else {})}
                      for pair in comparison.pairs]}
