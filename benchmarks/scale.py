"""Time and memory of training by number of images, image size and batch size.

    python benchmarks/scale.py --json scale.json

One number changes at a time. Every round is a new process that trains one epoch and measures the
seconds of the complete call and the peak memory. Reported are the exponent p of seconds ~ size^p,
and the cost per unit of work relative to the smallest setting: 1 if the cost is proportional to the
work. Work is the number of images times their area.
"""
import sys

from harness import Side, compare_fresh
from options import add_images, images, make_parser, parse
from report import exponent, median, number, report

COLUMNS = {'call_seconds': 'seconds', 'call_images_per_second': 'images/s',
           'peak_mb': 'peak MB'}


def main():
    parser = make_parser(__doc__)
    add_images(parser, train=64, test=16, batch_size=16)
    parser.add_argument('--times', type=int, nargs='+', default=[1, 10, 100],
                        help='multiples of --train and --test')
    parser.add_argument('--sizes', type=int, nargs='+', default=[64, 128, 256],
                        help='image sizes, at the smallest multiple')
    parser.add_argument('--batches', type=int, nargs='+', default=[16, 64, 256],
                        help='batch sizes, at the second multiple')
    parser.set_defaults(image_size=64, rounds=3)
    args = parse(parser, train=8, test=2, batch_size=4, times=[1, 2], sizes=[32, 64],
                 batches=[4, 8])
    counts = [(args.train * times, args.test * times) for times in args.times]
    with images(args, *counts) as folders:
        sides = {'images': {count: side(args, folder, count)
                              for folder, (count, _) in zip(folders, counts)},
                 'image size': {size: side(args, folders[0], counts[0][0], image_size=size)
                                for size in args.sizes},
                 'batch size': {size: side(args, folders[1], counts[1][0], batch_size=size)
                                for size in args.batches}}
        unique = {one.name: one for group in sides.values() for one in group.values()}
        results = compare_fresh(list(unique.values()), args.rounds)
    laws = {what: law(what, group, results) for what, group in sides.items()}
    status = report(args, results, COLUMNS, less_is_better=True, laws=laws)
    for what, found in laws.items():
        print_law(what, found)
    return status


def side(args, data, count, **changed):
    options = {'network': args.network, 'batch_size': args.batch_size,
               'image_size': args.image_size, **changed}
    name = f'{count} images of {options["image_size"]}, batches of {options["batch_size"]}'
    return Side(name, 'this_package', 'training_of', {**options, 'data': data})


def law(what, group, results):
    """Return the exponent of cost over size, and the cost per unit relative to the smallest.

    The unit is an image, or a pixel if the image size changes. None with fewer than two sides, or
    if a side was not measured.
    """
    work = {size: {'images': size, 'image size': size ** 2, 'batch size': 1}[what]
            for size in group}
    seconds = {size: median(results[one.name], 'call_seconds') for size, one in group.items()}
    if len(seconds) < 2 or not all(seconds.values()):
        return None
    first = min(group)
    return {'exponent': exponent(list(seconds), list(seconds.values())),
            'cost_of_a_unit': {size: seconds[size] / work[size] * work[first] / seconds[first]
                               for size in group},
            'peak_mb': {size: median(results[one.name], 'peak_mb')
                        for size, one in group.items()}}


def print_law(what, found):
    if found is None:
        return print(f'{what}: not every side was measured')
    costs = ', '.join(f'{size}: {number(cost)}' for size, cost in found['cost_of_a_unit'].items())
    print(f'{what}: seconds ~ size^{found["exponent"]:.2f}; cost per unit of work {costs}')


if __name__ == '__main__':
    sys.exit(main())
