"""Peak memory of an epoch: gluon_finetune, the chapter's two tabs, PyTorch tuned.

    python benchmarks/memory.py --data FOLDER --json memory.json

Every round is a new process that trains one epoch of `--train` images (three batches: the peak is
reached in the second) and tests. The peak is the largest resident memory of that process, libraries
included; "after imports" is that of the libraries alone.
"""
import sys

from harness import Side, compare_fresh
from options import add_images, chosen, images, make_parser, parse
from report import CORES, report, without_bfloat16
from tuning import BARE, KEEPING, in_words

COLUMNS = {'peak_mb': 'peak MB', 'ready_mb': 'after imports', 'seconds': 'seconds'}


def main():
    parser = make_parser(__doc__)
    add_images(parser, train=384, test=128)
    parser.set_defaults(rounds=3)
    args = parse(parser, train=12, test=4, batch_size=8)
    sides = chosen(make_sides(args), args)
    with images(args, (args.train, args.test)) as (data,):
        results = compare_fresh(sides, args.rounds, {'data': data})
    return report(args, results, COLUMNS, less_is_better=True)


def make_sides(args):
    mxnet = {'network': args.network, 'batch_size': args.batch_size, 'image_size': args.image_size}
    torch = {**mxnet, 'network': args.torch_network}
    return [
        Side('gluon_finetune', 'this_package', 'training', mxnet),
        Side('gluon_finetune, bfloat16', 'this_package', 'training', {**mxnet, 'dtype': 'bfloat16'},
             not_available=without_bfloat16()),
        Side('chapter, MXNet tab', 'chapter_mxnet', 'training', mxnet),
        Side('chapter, PyTorch tab', 'chapter_torch', 'training', torch),
        *[Side(f'PyTorch, {in_words(BARE, environ)}', 'tuned_torch', 'training',
               {**torch, **BARE, 'cores': CORES}, environ) for environ in ({}, KEEPING)],
        Side('PyTorch, channels last, bfloat16', 'tuned_torch', 'training',
             {**torch, **BARE, 'cores': CORES, 'dtype': 'bfloat16'},
             not_available=without_bfloat16())]


if __name__ == '__main__':
    sys.exit(main())
