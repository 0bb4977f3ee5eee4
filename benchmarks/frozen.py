"""Five epochs with frozen features: gluon_finetune with and without cache, the PyTorch tab.

    python benchmarks/frozen.py --data FOLDER --json frozen.json

The complete call is measured, from files to the last accuracy, since the cache is filled before the
first epoch; its speed is the number of images of all epochs over that time. gluon_finetune freezes
weights and BatchNorm's statistics, the chapter's tabs the weights, as in exercise 3. The PyTorch
tab's code freezes the output layer too, which then learns nothing: this benchmark trains it.
With a cache every epoch trains on the same `--views` sampled crops of each image.
"""
import sys

from harness import Side, compare
from options import add_images, add_trials, chosen, images, make_parser, parse
from report import report
from tuning import tuned_sides

COLUMNS = {'call_images_per_second': 'images/s', 'call_seconds': 'seconds',
           'cores': 'cores busy', 'peak_mb': 'peak MB'}


def main():
    parser = make_parser(__doc__)
    add_images(parser, train=256, test=100, batch_size=64)
    add_trials(parser)
    parser.add_argument('--epochs', type=int, default=5)
    parser.add_argument('--views', type=int, default=1, help='cached crops of each image')
    args = parse(parser, train=12, test=4, batch_size=8, epochs=2)
    short = min(args.train, args.batch_size + args.train % args.batch_size)
    with images(args, (args.train, args.test), (short, min(args.test, 16))) as (data, warm_up):
        sides, trials = make_sides(args, warm_up)
        results = compare(chosen(sides, args), args.rounds, {'data': data}, {'data': warm_up})
    return report(args, results, COLUMNS, trials=trials)


def make_sides(args, warm_up):
    """Return every side, and the trials of PyTorch."""
    mxnet = {'network': args.network, 'batch_size': args.batch_size, 'epochs': args.epochs,
             'image_size': args.image_size, 'freeze': True}
    torch = {**mxnet, 'network': args.torch_network}
    tuned, trials = tuned_sides('training', torch, args, {'data': warm_up}, dtypes=['float32'])
    return [
        Side('gluon_finetune, cached', 'this_package', 'training', {**mxnet, 'views': args.views}),
        Side('gluon_finetune, not cached', 'this_package', 'training', {**mxnet, 'views': 0}),
        Side('chapter, MXNet tab', 'chapter_mxnet', 'training', mxnet),
        Side('chapter, PyTorch tab', 'chapter_torch', 'training', torch), *tuned], trials


if __name__ == '__main__':
    sys.exit(main())
