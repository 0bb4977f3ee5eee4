"""`gluon-finetune evaluate`."""
from __future__ import annotations

import argparse

from .common import add_data, add_dtype, add_json, add_run, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_run(parser)
    add_data(parser)
    add_dtype(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Print the accuracy, in all and for each class."""
    from ..data.folders import open_folders
    from ..results.evaluate import evaluate_run
    from ..runs.directory import RunDirectory
    folders = open_folders(args.data, split=RunDirectory.open(args.path).split)
    result = evaluate_run(args.path, folders, args.dtype)
    if args.json:
        print_json({'accuracy': result.accuracy, 'classes': result.classes,
                    'confusion': result.confusion.tolist()})
        return
    print(f'accuracy {result.accuracy:.3f} on {result.images} images of {args.data}')
    width = max(len(name) for name in result.classes)
    for i, (name, row) in enumerate(zip(result.classes, result.confusion)):
        print(f'  {name:{width}}  {row[i]} of {row.sum()} correct')
