"""`gluon-finetune demo`."""
from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('--out', help='new folder for the results (default: gluon-finetune-demo)')
    parser.add_argument('--seed', type=int, default=0, help='of the synthetic images and the '
                                                            'networks (default: 0)')


def run(args: argparse.Namespace) -> None:
    """Run the four steps and print the outcome."""
    from .. import demo
    print(demo.report(demo.run(args.out, args.seed)))
