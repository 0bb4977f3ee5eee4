"""`gluon-finetune evaluate`."""
from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .common import add_dtype, add_json, add_run, add_skip_bad, print_json, print_skipped

if TYPE_CHECKING:
    from ..results.evaluate import Evaluation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_run(parser)
    parser.add_argument('data', metavar='DATA', help="folder of images: the run's own, of which "
                        "its test images are used, or any other with test/<class>/ or <class>/")
    add_dtype(parser)
    add_skip_bad(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Print the accuracy, in all and for each class."""
    from ..results.evaluate import evaluate_run
    result = evaluate_run(args.path, args.data, args.dtype,
                          skip_bad=print_skipped if args.skip_bad else None)
    if args.json:
        print_json({'accuracy': result.accuracy, 'classes': result.classes,
                    'confusion': result.confusion.tolist(), 'images': result.images,
                    'test_part': result.is_test_part, 'trained_on': list(result.trained_on),
                    'new_accuracy': result.new_accuracy,
                    'skipped': [image._asdict() for image in result.skipped]})
        return
    part = ', the test part of the run' if result.is_test_part else ''
    print(f'accuracy {result.accuracy:.3f} on {result.images} images of {args.data}{part}')
    if result.trained_on:
        print(_trained_on(result))
    width = max(len(name) for name in result.classes)
    for i, (name, row) in enumerate(zip(result.classes, result.confusion)):
        print(f'  {name:{width}}  ' + (f'{row[i]} of {row.sum()} correct' if row.sum()
                                       else 'no images'))


def _trained_on(result: Evaluation) -> str:
    from ..data.scan import shortlist
    count = len(result.trained_on)
    line = (f'{count} of these images {"was" if count == 1 else "were"} trained on '
            f'({shortlist(result.trained_on)})')
    if result.new_accuracy is None:
        return f'{line}: this accuracy says nothing about new images'
    return f'{line}: accuracy {result.new_accuracy:.3f} on the other {result.images - count}'
