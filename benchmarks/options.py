"""Command-line options and images of the benchmarks."""
import argparse
import contextlib
import itertools
import os
import shutil
import tempfile

from harness import Side, ask_once, say

COMPILING = 'compiling takes a minute: not measured with --quick'
SYNTHETIC = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'build')


def make_parser(doc):
    """Return a parser with the options of all benchmarks."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=5, help='measured rounds of every side')
    parser.add_argument('--json', metavar='FILE', help='write all measurements into it')
    parser.add_argument('--sides', metavar='WORDS', nargs='+', default=[''],
                        help='only the sides with one of these in their name')
    parser.add_argument('--quick', action='store_true',
                        help='the smallest setting, to check that it runs')
    parser.add_argument('--network', default='resnet18_v2', help="in Gluon's zoo")
    parser.add_argument('--torch-network', default='resnet18', help='in torchvision')
    parser.add_argument('--image-size', type=int, default=224)
    return parser


def add_trials(parser):
    parser.add_argument('--no-trials', action='store_true', help='do not tune PyTorch: '
                        'only channels last')


def add_images(parser, train=512, test=200, batch_size=128):
    """Add the options about images and their number."""
    parser.add_argument('--data', metavar='FOLDER',
                        help='with train/<class>/ and test/<class>/ (default: synthetic)')
    parser.add_argument('--train', type=int, default=train, help='images to train on')
    parser.add_argument('--test', type=int, default=test, help='images to test on')
    parser.add_argument('--batch-size', type=int, default=batch_size)


def parse(parser, **quick):
    """Return the options; with --quick, `quick` are the defaults."""
    if parser.parse_known_args()[0].quick:
        parser.set_defaults(rounds=1, image_size=32, **quick)
    return parser.parse_args()


def chosen(sides, args):
    """Return the sides that --sides selects."""
    found = [side for side in sides if any(words in side.name for words in args.sides)]
    if not found:
        raise SystemExit(f'--sides {" ".join(args.sides)}: no such side; '
                         f'sides: {"; ".join(side.name for side in sides)}')
    return found


@contextlib.contextmanager
def images(args, *counts):
    """Yield temporary folders of images from --data, one for each (train, test) in `counts`."""
    source = args.data or synthetic(args.quick)
    with tempfile.TemporaryDirectory() as place:
        folders = [os.path.join(place, str(number)) for number in range(len(counts))]
        for folder, (train, test) in zip(folders, counts):
            copy_some(os.path.join(source, 'train'), os.path.join(folder, 'train'), train)
            copy_some(os.path.join(source, 'test'), os.path.join(folder, 'test'), test)
        yield folders


def copy_some(source, target, count):
    """Copy `count` images, of each class in turn, at least one; repeat them if too few."""
    classes = sorted(name for name in os.listdir(source) if not name.startswith('.'))
    endless = [itertools.cycle(sorted(os.listdir(os.path.join(source, name)))) for name in classes]
    for name in classes:
        os.makedirs(os.path.join(target, name))
    turns = itertools.cycle(zip(classes, endless))
    for number, (name, files) in zip(range(max(count, len(classes))), turns):
        file = next(files)
        shutil.copy(os.path.join(source, name, file),
                    os.path.join(target, name, f'{number:06}{os.path.splitext(file)[1]}'))


def synthetic(quick=False):
    """Return a folder of synthetic images, about as large as the chapter's photographs."""
    name = 'synthetic-quick' if quick else 'synthetic'
    size, train, test = (48, 4, 2) if quick else (300, 64, 25)
    root = os.path.join(SYNTHETIC, name)
    if not os.path.isdir(root):
        say(f'making synthetic images in {root}')
        ask_once(Side('synthetic images', 'this_package', 'draw', {
            'root': root, 'train': train, 'test': test, 'size': size}))
    return root
