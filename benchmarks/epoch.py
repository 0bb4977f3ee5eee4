"""Training images/s over an epoch: gluon_finetune, the chapter's two tabs, PyTorch tuned.

    python benchmarks/epoch.py --data FOLDER --json epoch.json

An epoch is decoding, augmentation, training steps and the test pass; its speed is the number of
training images over all of that time. Every round trains a new net for one epoch, in a process that
has warmed up on a shorter one. "Complete call" also counts what precedes the epoch: the check of
every image and the trainer. The JSON also has seconds, busy cores and peak memory of each round.

The chapter's MXNet tab runs twice: unchanged (MXNet takes half the cores) and with all cores.
PyTorch is tuned first (tuning.py); `--no-trials` only takes channels last.
"""
import sys

from harness import Side, compare
from options import add_images, add_trials, chosen, images, make_parser, parse
from report import CORES, report, without_bfloat16
from tuning import tuned_sides

COLUMNS = {'images_per_second': 'images/s', 'call_images_per_second': 'complete call',
           'cores': 'cores busy', 'peak_mb': 'peak MB'}


def main():
    parser = make_parser(__doc__)
    add_images(parser)
    add_trials(parser)
    args = parse(parser, train=12, test=4, batch_size=8)
    short = min(args.train, args.batch_size + args.train % args.batch_size)
    with images(args, (args.train, args.test), (short, min(args.test, 16))) as (data, warm_up):
        sides, trials = make_sides(args, warm_up)
        results = compare(chosen(sides, args), args.rounds, {'data': data}, {'data': warm_up})
    return report(args, results, COLUMNS, trials=trials)


def make_sides(args, warm_up):
    """Return every side, and the trials of PyTorch."""
    mxnet = {'network': args.network, 'batch_size': args.batch_size, 'image_size': args.image_size}
    torch = {**mxnet, 'network': args.torch_network}
    sides = [
        Side('gluon_finetune', 'this_package', 'training', mxnet),
        Side('gluon_finetune, bfloat16', 'this_package', 'training', {**mxnet, 'dtype': 'bfloat16'},
             not_available=without_bfloat16()),
        Side('chapter, MXNet tab', 'chapter_mxnet', 'training', mxnet),
        Side('chapter, MXNet tab, all cores', 'chapter_mxnet', 'training', mxnet,
             {'OMP_NUM_THREADS': str(CORES)}),
        Side('chapter, PyTorch tab', 'chapter_torch', 'training', torch)]
    tuned, trials = tuned_sides('training', torch, args, {'data': warm_up})
    return sides + tuned, trials


if __name__ == '__main__':
    sys.exit(main())
