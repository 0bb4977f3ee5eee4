"""`gluon-finetune report`."""
from __future__ import annotations

import argparse
import os

from ..errors import UsageError
from .common import add_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_run(parser)
    parser.add_argument('data', metavar='DATA', nargs='?',
                        help='the images of the run (default: where it was trained on them)')
    parser.add_argument('--baseline', metavar='RUN',
                        help='its scratch baseline, for the learning curves (default: a run from '
                        'scratch beside it, on the same images)')


def run(args: argparse.Namespace) -> None:
    """Write the report of a run again; print its path."""
    from ..results.predict import check_finished
    from ..results.report import write_report
    from ..results.run_images import open_run_folders
    from ..runs.directory import RunDirectory
    run = RunDirectory.open(args.path)
    baseline = RunDirectory.open(args.baseline) if args.baseline else None
    for each in filter(None, (run, baseline)):
        check_finished(each)
    data = args.data or run.data
    if data is None or not (args.data or os.path.isdir(data)):
        place = 'it has no note of its images' if data is None else f'its images are not in {data}'
        raise UsageError(f'{place}: give their folder, as in gluon-finetune report {args.path} '
                         f'DATA')
    print(write_report(run, open_run_folders(run, data, own=True), baseline=baseline))
