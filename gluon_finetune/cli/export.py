"""`gluon-finetune export`."""
from __future__ import annotations

import argparse

from ..errors import UsageError
from .common import add_run, add_skip_bad, print_skipped


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_run(parser)
    parser.add_argument('--to', choices=['torch', 'int8'], required=True, help='the format')
    parser.add_argument('--data', help='the images of the run, to calibrate int8')
    add_skip_bad(parser)
    parser.add_argument('--out', help='new folder for torch (default: RUN/torch)')


def run(args: argparse.Namespace) -> None:
    """Print the path of what is written; for int8 also the accuracy before and after."""
    if args.to == 'torch':
        from ..export.pytorch import export_torch
        print(export_torch(args.path, args.out))
    else:
        _export_int8(args)


def _export_int8(args: argparse.Namespace) -> None:
    if args.out:
        raise UsageError('--to int8 takes no --out: it writes into the run directory, where '
                         'predict and evaluate find it')
    if not args.data:
        raise UsageError('--to int8 needs --data: the images the run was trained on')
    from ..export.int8 import export_int8
    from ..results.evaluate import evaluate_run
    from ..results.run_images import open_run_folders
    from ..runs.directory import RunDirectory
    from ..runs.train_folder import skip_bad_images
    folders = skip_bad_images(open_run_folders(RunDirectory.open(args.path), args.data),
                              print_skipped if args.skip_bad else None)
    print(export_int8(args.path, folders))
    for dtype in ('float32', 'int8'):
        result = evaluate_run(args.path, folders, dtype)
        print(f'{dtype:8} accuracy {result.accuracy:.3f} on {result.images} images')
