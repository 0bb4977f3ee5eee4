"""The command line: reads options, calls one function, prints what it returns."""
import argparse
import dataclasses
import json
import os
import shlex
import signal
import sys

from .. import demo
from ..compat.imports import mx
from ..config import Config
from ..data.folders import ImageFolders, hotdog
from ..doctor.command import add_doctor
from ..errors import Stopped, UsageError, WorkError
from ..export.int8 import export_int8
from ..export.pytorch import export_torch
from ..parity import table
from ..parity.rows import DIFFERS
from ..results.metrics import confusion
from ..results.predict import Predictor
from ..results.report import write_report
from ..runs.directory import RunDirectory
from ..runs.train import resume_run, start_run, train_run
from ..training.devices import parse_devices
from ..training.history import describe
from ..version import __version__


def main(argv=None):
    """Runs one command; returns the exit status: 0 done, 1 the work failed, 2 wrong use.

    130 and 143 are what a shell makes of Ctrl-C and SIGTERM.
    """
    args = make_parser().parse_args(argv)
    try:
        return args.run(args) or 0
    except UsageError as error:
        return complain(error, 2)
    except Stopped as error:
        return complain(error, error.status)
    except (WorkError, OSError, mx.MXNetError, MemoryError) as error:
        return complain(error, 1)
    except KeyboardInterrupt:
        return complain('interrupted', 128 + signal.SIGINT)


def complain(error, status):
    """Prints the first lines of an error without its trace."""
    print(f'gluon-finetune: {str(error).strip() or type(error).__name__}', file=sys.stderr)
    return status


def make_parser():
    """The commands and their options, one function each below."""
    parser = argparse.ArgumentParser(prog='gluon-finetune',
                                     description='Fine-tune an image classifier.')
    parser.add_argument('--version', action='version', version=__version__)
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    add_demo(commands)
    add_train(commands)
    add_evaluate(commands)
    add_predict(commands)
    add_export(commands)
    add_check(commands)
    add_parity(commands)
    add_doctor(commands)
    return parser


# demo

def add_demo(commands):
    command = commands.add_parser('demo', help="the chapter's four steps on drawn images")
    command.add_argument('--out', help='new folder for the results (default: gluon-finetune-demo)')
    command.add_argument('--seed', type=int, default=0)
    command.set_defaults(run=lambda args: print(demo.report(demo.run(args.out, args.seed))))


# train

def add_train(commands):
    command = commands.add_parser(
        'train', help='fine-tune a network on a folder of images',
        argument_default=argparse.SUPPRESS)  # what was not given must not overrule a resumed run
    command.add_argument('data', metavar='DATA', help="folder with train/ and test/, or 'hotdog'")
    for field, (flag, kind, text) in TRAIN_OPTIONS.items():
        default = getattr(Config, field)
        shown = '' if default is None else f' (default: {default})'
        command.add_argument(flag, dest=field, type=kind, help=text + shown)
    command.add_argument('--scratch', action='store_true', help='start from random weights')
    command.add_argument('--freeze', action='store_true', help='leave the features as they are')
    command.add_argument('--devices', help='cpu, gpu, gpu:0,gpu:1 (default: every GPU, or the CPU)')
    command.add_argument('--out', help='new run directory (default: runs/<DATA>, or -2, -3 ...)')
    command.add_argument('--resume', action='store_true', help='go on with the run in --out')
    command.add_argument('--skip-bad', action='store_true', help='leave out what cannot be decoded')
    command.add_argument('--json', action='store_true', help='print the epochs as JSON')
    command.set_defaults(run=train)


TRAIN_OPTIONS = {
    'network': ('--network', str, "name in the zoo (default: resnet18_v2, or the source file's)"),
    'source': ('--source', str, "file with pretrained weights (default: the zoo's)"),
    'learning_rate': ('--lr', float, 'learning rate of the features'),
    'lr_mult': ('--lr-mult', float, 'how much faster the output layer learns'),
    'batch_size': ('--batch-size', int, 'images a step'),
    'num_epochs': ('--epochs', int, 'passes over the images'),
    'image_size': ('--image-size', int, 'height and width of the input'),
    'min_area': ('--min-area', float, 'smallest share of an image that a training crop keeps'),
    'wd': ('--wd', float, 'weight decay'),
    'dtype': ('--dtype', str, 'what layers compute in: float32, bfloat16 or float16'),
    'views': ('--views', int, 'with --freeze, crops of an image that are kept; 0: none'),
    'cache': ('--cache', str, 'ram or disk: keep decoded images for the next epoch'),
    'cache_limit': ('--cache-limit', int, 'bytes it may take (default: half of what is free)'),
    'seed': ('--seed', int, 'same seed, same result'),
    'num_workers': ('--workers', int, 'threads that prepare images; they change no result'),
    'checkpoint_every': ('--checkpoint-every', int, 'batches between checkpoints, beside those '
                                                    'after each epoch'),
    'on_bad': ('--on-bad', str, 'stop or skip: what an image that breaks meanwhile leads to'),
    'on_diverge': ('--on-diverge', str, 'stop or rewind: from a loss that is not finite back to '
                                        'the last checkpoint, with half the learning rate'),
}


def train(args):
    options = vars(args)
    given = {field.name: options[field.name] for field in dataclasses.fields(Config)
             if field.name in options}
    devices, as_json = parse_devices(options.get('devices', 'auto')), 'json' in options

    def show(line):
        print(line, file=sys.stderr if as_json else sys.stdout, flush=True)

    if 'resume' in options:
        if 'out' not in options:
            raise UsageError('--resume needs --out: the run directory to go on with')
        old = RunDirectory.open(args.out)
        config = dataclasses.replace(old.config, **given)
        folders = read_folders(args.data, options, old.split, config.on_bad == 'skip')
        net, run = resume_run(args.out, config, folders, show)
    else:
        config = Config(**given)
        folders = read_folders(args.data, options)
        net, run = start_run(options.get('out') or new_folder(args.data), config, folders, devices)

    def say(line):
        run.log(line)
        show(line)

    say(f'{run.config.network} on {len(folders.train)} images of {len(run.classes)} classes, '
        f'{len(folders.test)} to test; into {run.path}')
    fit(net, run, folders, devices, say)
    if as_json:
        print_json({'run': run.path, 'history': [record._asdict() for record in run.history]})


def fit(net, run, folders, devices, say):
    """Trains, saying each epoch; a run that is stopped says how to go on."""
    try:
        for record in train_run(net, run, folders, devices=devices, say=say, at_once=True):
            say(describe(record))
    except Stopped as error:
        command = ['gluon-finetune', 'train', folders.root, '--out', run.path, '--resume']
        message = f'{error}; go on with: {" ".join(map(shlex.quote, command))}'
        run.log(message)
        raise Stopped(message, error.signal) from None
    best = run.history.best
    say(f'best: test acc {best.test_acc:.3f} after epoch {best.epoch}; report: '
        f'{write_report(run, folders)}')


def read_folders(data, options=(), split=None, allow_missing=False):
    """The images of DATA; with --skip-bad it names and leaves out what cannot be decoded.

    With `allow_missing`, images of the `split` may be gone.
    """
    if split and allow_missing:
        split = {side: [path for path in split[side] if os.path.exists(os.path.join(data, path))]
                 for side in ('train', 'test')}
    if data == 'hotdog' and not os.path.isdir(data):
        folders = hotdog(split=split)
    else:
        folders = ImageFolders(data, split=split)
    if 'skip_bad' in options:
        bad = folders.check()
        for image in bad:
            print(f'left out: {image.path}: {image.reason}', file=sys.stderr)
        folders = folders.without(bad) if bad else folders
    return folders


def new_folder(data, parent='runs'):
    """`runs/<DATA>`, or the first of `runs/<DATA>-2`, `-3` ... that is free."""
    name, number = os.path.join(parent, os.path.basename(os.path.abspath(data))), 1
    while os.path.lexists(name if number == 1 else f'{name}-{number}'):
        number += 1
    return name if number == 1 else f'{name}-{number}'


# evaluate

def add_evaluate(commands):
    command = commands.add_parser('evaluate', help='accuracy of a run on the test images of DATA')
    command.add_argument('path', metavar='RUN')
    command.add_argument('data', metavar='DATA')
    add_dtype(command)
    command.add_argument('--json', action='store_true')
    command.set_defaults(run=evaluate)


def add_dtype(command):
    """What a finished run computes in."""
    command.add_argument('--dtype', choices=['float32', 'bfloat16', 'int8'], default='float32',
                         help='int8 after `export --to int8` (default: float32)')


def evaluate(args):
    predictor, run = Predictor.load(args.path, args.dtype), RunDirectory.open(args.path)
    folders = read_folders(args.data, split=run.split)
    if folders.classes != run.classes:
        raise UsageError(f'{args.data} has the classes {folders.classes}, the run {run.classes}: '
                         f'evaluate it on images of the same classes')
    counts = confusion_of(predictor, folders)
    accuracy = float(counts.trace() / counts.sum())
    if args.json:
        return print_json({'accuracy': accuracy, 'classes': run.classes,
                           'confusion': counts.tolist()})
    print(f'accuracy {accuracy:.3f} on {counts.sum()} images of {args.data}')
    width = max(len(name) for name in run.classes)
    for name, row in zip(run.classes, counts):
        right = row[run.classes.index(name)]
        print(f'  {name:{width}}  {right} of {row.sum()} right')


def confusion_of(predictor, folders):
    """Counts of the test images [true class, predicted class]."""
    paths, labels = zip(*folders.test.items)
    return confusion(predictor.probabilities(paths), labels)


# predict

def add_predict(commands):
    command = commands.add_parser('predict', help='the classes of images, most probable first')
    command.add_argument('path', metavar='RUN')
    command.add_argument('files', metavar='FILE', nargs='+')
    add_dtype(command)
    command.add_argument('--top', type=int, default=5, help='classes to print (default: 5)')
    command.add_argument('--json', action='store_true')
    command.set_defaults(run=predict)


def predict(args):
    predictions = Predictor.load(args.path, args.dtype)(args.files, top=args.top)
    if args.json:
        return print_json([{'file': file, 'classes': [{'class': name, 'probability': probability}
                                                      for name, probability in ranking]}
                           for file, ranking in zip(args.files, predictions)])
    for file, ranking in zip(args.files, predictions):
        print(f'{file}: ' + ', '.join(f'{name} {probability:.3f}' for name, probability in ranking))


# export

def add_export(commands):
    command = commands.add_parser('export', help='write the network of a run for another framework')
    command.add_argument('path', metavar='RUN')
    command.add_argument('--to', choices=['torch', 'int8'], required=True)
    command.add_argument('--data', help='images the run was trained on, to calibrate int8 with')
    command.add_argument('--out', help='new folder for torch (default: RUN/torch)')
    command.set_defaults(run=export)


def export(args):
    if args.to == 'torch':
        print(export_torch(args.path, args.out))
        return
    if not args.data or args.out:
        raise UsageError('--to int8 needs --data, the images the run was trained on, and no '
                         '--out: it is written into the run, where predict and evaluate find it')
    folders = read_folders(args.data, split=RunDirectory.open(args.path).split)
    print(export_int8(args.path, folders))
    for dtype in ('float32', 'int8'):
        counts = confusion_of(Predictor.load(args.path, dtype), folders)
        print(f'{dtype:8} accuracy {counts.trace() / counts.sum():.3f} on {counts.sum()} images')


# check

def add_check(commands):
    command = commands.add_parser('check', help='list the images that cannot be decoded')
    command.add_argument('data', metavar='DATA')
    command.add_argument('--json', action='store_true')
    command.set_defaults(run=check)


def check(args):
    folders = read_folders(args.data)
    bad = folders.check()
    if args.json:
        print_json({
            'classes': folders.classes, 'train': len(folders.train), 'test': len(folders.test),
            'bad': [{'file': image.path, 'reason': image.reason} for image in bad]})
    else:
        for image in bad:
            print(f'{image.path}: {image.reason}')
        print(f'{len(folders.train)} training and {len(folders.test)} test images of '
              f'{len(folders.classes)} classes, {len(bad)} cannot be used')
    return 1 if bad else 0


# parity

def add_parity(commands):
    command = commands.add_parser('parity', help='compare every step with PyTorch, in one table')
    command.add_argument('--only', metavar='NAME', action='append',
                         help='only what has NAME in its name; may be given again')
    command.add_argument('--data', help='folder of images for the whole run (default: drawn)')
    command.add_argument('--source', help='file with the weights it starts from (default: random)')
    command.add_argument('--out', help='draw its two curves into this image')
    command.add_argument('--json', action='store_true')
    command.set_defaults(run=parity)


def parity(args):
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


def print_json(value):
    """Prints `value` as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False))
