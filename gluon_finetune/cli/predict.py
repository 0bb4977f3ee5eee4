"""`gluon-finetune predict`."""
from __future__ import annotations

import argparse

from .common import add_dtype, add_json, add_run, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_run(parser)
    parser.add_argument('files', metavar='FILE', nargs='+', help='image files')
    add_dtype(parser)
    parser.add_argument('--top', type=int, default=5, help='classes to print (default: 5)')
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Print the classes of each image, most probable first."""
    from ..results.predict import Predictor
    rankings = Predictor.load(args.path, args.dtype)(args.files, top=args.top)
    if args.json:
        print_json([{'file': file, 'classes': [{'class': name, 'probability': probability}
                                               for name, probability in ranking]}
                    for file, ranking in zip(args.files, rankings)])
        return
    for file, ranking in zip(args.files, rankings):
        print(f'{file}: ' + ', '.join(f'{name} {probability:.3f}' for name, probability in ranking))
