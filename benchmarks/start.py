"""Seconds from the start of Python to the end of imports, and to the end of a first batch.

    python benchmarks/start.py --json start.json

Every round is a new process; after the first, its files are in the system's cache. The first batch
is a complete training on the images of one batch: reading them, a new net, one step, and a test on
two images. "Python" starts the same process and imports nothing.
"""
import sys

from harness import Side, compare_fresh
from options import COMPILING, add_images, chosen, images, make_parser, parse
from report import CORES, report

COLUMNS = {'age_seconds': 'to the first batch, s', 'ready_seconds': 'imports, s',
           'ready_mb': 'memory after imports, MB'}


def main():
    parser = make_parser(__doc__)
    add_images(parser, train=32, test=2, batch_size=32)
    args = parse(parser, train=4, test=2, batch_size=4)
    sides = chosen(make_sides(args), args)
    with images(args, (args.batch_size, args.test)) as (data,):
        results = compare_fresh(sides, args.rounds, {'data': data})
    return report(args, results, COLUMNS, less_is_better=True)


def make_sides(args):
    mxnet = {'network': args.network, 'batch_size': args.batch_size, 'image_size': args.image_size}
    torch = {**mxnet, 'network': args.torch_network}
    return [
        Side('gluon_finetune', 'this_package', 'training', mxnet),
        Side('chapter, MXNet tab', 'chapter_mxnet', 'training', mxnet),
        Side('chapter, PyTorch tab', 'chapter_torch', 'training', torch),
        Side('PyTorch, compiled', 'tuned_torch', 'training',
             {**torch, 'cores': CORES, 'compiled': True},
             not_available=COMPILING if args.quick else None),
        Side('Python', 'side', 'nothing')]


if __name__ == '__main__':
    sys.exit(main())
