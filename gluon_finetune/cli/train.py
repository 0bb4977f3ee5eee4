"""`gluon-finetune train`."""
from __future__ import annotations

import argparse
import shlex
import sys
from typing import TYPE_CHECKING

from ..config import options
from ..options import Option
from .common import add_data, add_json, add_skip_bad, print_json, print_skipped

if TYPE_CHECKING:
    from ..data.folders import ImageFolders
    from ..runs.directory import RunDirectory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command: a flag for each field of `Config`, and its own."""
    add_data(parser)
    for option in options():
        _add_option(parser, option)
    parser.add_argument('--devices', default='auto',
                        help='cpu, gpu, or gpu:0,gpu:1 (default: every GPU, or the CPU)')
    parser.add_argument('--out', help='new run directory (default: runs/<DATA>, or -2, -3 ...)')
    parser.add_argument('--resume', action='store_true', help='resume the run in --out')
    add_skip_bad(parser)
    add_json(parser)


def _add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    # An option that is not given must not overrule a resumed run: no attribute for it.
    if option.kind is bool:
        parser.add_argument(option.flag, dest=option.name, action='store_true',
                            default=argparse.SUPPRESS, help=option.help)
        return
    default = f' (default: {option.default})' if option.has_default else ''
    parser.add_argument(option.flag, dest=option.name, type=option.kind,
                        choices=option.choices or None, default=argparse.SUPPRESS,
                        help=(option.help + default).replace('%', '%%'))


def run(args: argparse.Namespace) -> None:
    """Train, print a line after each epoch, and write the report."""
    from ..runs.train_folder import train_folder
    from ..training.devices import parse_devices

    def notify(line: str) -> None:
        print(line, file=sys.stderr if args.json else sys.stdout, flush=True)

    given = {option.name: getattr(args, option.name) for option in options()
             if hasattr(args, option.name)}
    run, folders = train_folder(
        args.data, args.out, resume=args.resume, devices=parse_devices(args.devices),
        skip_bad=print_skipped if args.skip_bad else None, notify=notify, at_once=True, **given)
    line, test_acc = _finish(run, folders)
    run.log(line)
    notify(line)
    if args.json:
        tested = {} if test_acc is None else {'test_acc': test_acc}
        print_json({'run': run.path, 'history': [record.measured() for record in run.history],
                    **tested})


def _finish(run: RunDirectory, folders: ImageFolders) -> tuple[str, float | None]:
    """Write the report; return a line about the best epoch, and its accuracy if tested only now.

    Where the report fails, the run is finished all the same.
    """
    from ..results.report import predict_test_images, write_report
    best, test_acc = run.history.best, None
    facts = [f'best: validation acc {best.val_acc:.3f} after epoch {best.epoch}'
             if best.is_validated else
             f'best: test acc {best.test_acc:.3f} after epoch {best.epoch}, chosen on the test '
             f'images']
    try:
        predictions = predict_test_images(run, folders)
        if best.is_validated:
            test_acc = predictions.accuracy
            facts.append(f'test acc {test_acc:.3f} of {len(predictions.paths)} images')
        facts.append(f'report: {write_report(run, folders, predictions=predictions)}')
    except Exception as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        command = ['gluon-finetune', 'report', run.path, folders.root]
        facts.append(f'the run is finished, but not its report ({reason}): make it with '
                     f'{" ".join(map(shlex.quote, command))}')
    return '; '.join(facts), test_acc
