"""Training images per second over a whole epoch: ours, the chapter's two tabs, PyTorch tuned.

    python benchmarks/epoch.py --data FOLDER --json epoch.json

An epoch is decoding, augmentation, the training step and the test pass at its end, from files to
accuracy; the images of the training set are divided by all of that time. Every round is a new run
of one epoch in a process that has warmed up on a short one. "Whole call" also counts what comes
before the epoch: our check of every image, the trainer. Columns of the JSON: the same, and the
seconds, the cores kept busy and the peak of memory of every round.

The chapter's MXNet tab runs twice: as it is (MXNet takes half the cores) and told to use them all.
How PyTorch is tuned is tried out first (tuning.py); `--no-trials` takes channels last and no more.
"""
import sys

from harness import Side, compare
from options import add_images, add_trials, chosen, images, make_parser, parse
from report import CORES, report, without_bfloat16
from tuning import tuned_sides

COLUMNS = {'images_per_second': 'images/s', 'call_images_per_second': 'whole call',
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
    """Every side, and what the trials of PyTorch gave."""
    mxnet = {'network': args.network, 'batch_size': args.batch_size, 'image_size': args.image_size}
    torch = {**mxnet, 'network': args.torch_network}
    sides = [
        Side('ours', 'ours', 'training', mxnet),
        Side('ours, bfloat16', 'ours', 'training', {**mxnet, 'dtype': 'bfloat16'},
             not_available=without_bfloat16()),
        Side('chapter, MXNet tab', 'chapter_mxnet', 'training', mxnet),
        Side('chapter, MXNet tab, all cores', 'chapter_mxnet', 'training', mxnet,
             {'OMP_NUM_THREADS': str(CORES)}),
        Side('chapter, PyTorch tab', 'chapter_torch', 'training', torch)]
    theirs, trials = tuned_sides('training', torch, args, {'data': warm_up})
    return sides + theirs, trials


if __name__ == '__main__':
    sys.exit(main())
