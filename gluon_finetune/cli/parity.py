"""`gluon-finetune parity`."""
from __future__ import annotations

import argparse

from .common import add_json, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('--only', metavar='NAME', action='append',
                        help='only comparisons with NAME in their name; may be repeated')
    parser.add_argument('--data', help='folder of images for the complete run '
                                       '(default: synthetic images)')
    parser.add_argument('--source', help='file with its initial weights (default: random)')
    parser.add_argument('--out', help='image file for its two curves')
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the table; return 1 if a comparison differs."""
    from ..parity import table
    from ..parity.rows import DIFFERS
    if not args.json:
        print(table.heading())
    rows = []
    for row in table.run_table(args.only, args.data, args.source, args.out):
        rows.append(row)
        if not args.json:
            print(table.line(row), flush=True)
    if args.json:
        print_json([row._asdict() for row in rows])
    return 1 if any(row.verdict == DIFFERS for row in rows) else 0
