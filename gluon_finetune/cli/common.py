"""Arguments and output that several commands share."""
from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..data.check import BadImage


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the run directory."""
    parser.add_argument('path', metavar='RUN', help='run directory that `train` wrote')


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the data set."""
    parser.add_argument('data', metavar='DATA', help="folder with train/ and test/, perhaps val/, "
                        "or 'hotdog'")


def add_dtype(parser: argparse.ArgumentParser) -> None:
    """Add the compute precision of a trained network."""
    parser.add_argument('--dtype', choices=['float32', 'bfloat16', 'int8'], default='float32',
                        help='compute precision; int8 after `export --to int8` (default: float32)')


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the choice of machine-readable output."""
    parser.add_argument('--json', action='store_true', help='print JSON')


def add_skip_bad(parser: argparse.ArgumentParser) -> None:
    """Add the choice to skip images that cannot be decoded."""
    parser.add_argument('--skip-bad', action='store_true',
                        help='skip images that cannot be decoded')


def print_skipped(image: BadImage) -> None:
    """Print the path of a skipped image and why it cannot be used."""
    print(f'skipped: {image.path}: {image.reason}', file=sys.stderr)


def print_json(value: Any) -> None:
    """Print `value` as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def count(text: str) -> int:
    """Parse a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'must be a whole number of at least 1, not {text!r}')
    return int(text)
