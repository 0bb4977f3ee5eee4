"""`gluon-finetune export`."""
from __future__ import annotations

import argparse
import sys

from ..errors import UsageError
from .common import add_run, add_skip_bad, print_skipped

FORMATS = ('onnx', 'symbol', 'torch', 'int8', 'all')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_run(parser)
    parser.add_argument('--to', metavar='FORMAT', required=True,
                        help=f'the format: {", ".join(FORMATS)}')
    parser.add_argument('--data', help='folder of images on which the export is compared with the '
                        'run, and which calibrate int8 (default: the images of the run)')
    parser.add_argument('--with-preprocessing', action='store_true',
                        help='onnx: the model itself resizes, crops and normalises images')
    parser.add_argument('--variant', action='append', default=[], metavar='PRECISION',
                        help='onnx: also write a model in float16 or int8')
    add_skip_bad(parser)
    parser.add_argument('--out', help='new folder (default: RUN/FORMAT)')


def run(args: argparse.Namespace) -> int:
    """Print each comparison with the run, and the path of what is written."""
    if args.to not in FORMATS:
        raise UsageError(f'unknown format {args.to!r}: expected {", ".join(FORMATS[:-1])} or '
                         f'{FORMATS[-1]}')
    _check_options(args)
    return {'onnx': _onnx, 'symbol': _symbol, 'torch': _torch, 'int8': _int8,
            'all': _all}[args.to](args)


def _check_options(args: argparse.Namespace) -> None:
    """Refuse options that the format does not have."""
    if args.to in ('int8', 'all') and args.out:
        raise UsageError(f'--to {args.to} takes no --out: it writes into the run directory, where '
                         f'predict and evaluate find {"it" if args.to == "int8" else "int8"}')
    if args.with_preprocessing and args.to not in ('onnx', 'all'):
        raise UsageError(f'--to {args.to} takes no --with-preprocessing: only onnx has it')
    if args.variant and args.to != 'onnx':
        raise UsageError(f'--to {args.to} takes no --variant: only onnx has variants')


def _onnx(args: argparse.Namespace) -> int:
    from ..export.onnx import export_onnx
    print(export_onnx(args.path, args.out, data=args.data, variants=args.variant,
                      with_preprocessing=args.with_preprocessing, notify=print))
    return 0


def _symbol(args: argparse.Namespace) -> int:
    from ..export.symbol import export_symbol
    print(export_symbol(args.path, args.out, data=args.data, notify=print))
    return 0


def _torch(args: argparse.Namespace) -> int:
    from ..export.pytorch import export_torch
    print(export_torch(args.path, args.out, data=args.data, notify=print))
    return 0


def _int8(args: argparse.Namespace) -> int:
    from ..export.check import folder_of
    from ..export.int8 import export_int8
    from ..results.evaluate import evaluate_run
    from ..results.run_images import open_run_folders
    from ..runs.directory import RunDirectory
    from ..runs.train_folder import skip_bad_images
    directory = RunDirectory.open(args.path)
    folders = skip_bad_images(open_run_folders(directory, args.data or folder_of(directory)),
                              print_skipped if args.skip_bad else None)
    print(export_int8(args.path, folders, notify=print))
    for dtype in ('float32', 'int8'):
        result = evaluate_run(args.path, folders, dtype)
        print(f'{dtype:8} accuracy {result.accuracy:.3f} on {result.images} images')
    return 0


def _all(args: argparse.Namespace) -> int:
    from ..export.formats import export_all
    failed = 0
    for name, outcome in export_all(args.path, data=args.data, notify=print,
                                    with_preprocessing=args.with_preprocessing):
        if isinstance(outcome, str):
            print(outcome)
        else:
            failed = 1
            print(f'gluon-finetune: no export to {name}: {outcome}', file=sys.stderr)
        sys.stdout.flush()
    return failed
