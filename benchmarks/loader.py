"""Training images/s read and augmented: `load_data`, and torchvision's folder and DataLoader.

    python benchmarks/loader.py --data FOLDER --json loader.json

A round is one pass over the training images, from files to normalised batches, with the chapter's
augmentation on both sides, without any network. Three kinds of images: photographs (`--data`),
large synthetic ones (JPEG of 4000x3000 with sensor noise), small synthetic ones (PNG of about 100
pixels). In this process (0 workers), and with 1 and 2 workers.

"Per core" is images per second of CPU time, of this process and its workers together; "in total" is
images per second of wall time. torchvision runs twice: with PyTorch's own number of threads and
with one, because its transforms are too small to share.
"""
import os
import sys
import tempfile

from harness import Side, ask_once, compare
from options import add_images, chosen, images, make_parser, parse
from report import advantage, report

COLUMNS = {'images_per_cpu_second': 'images/s per core', 'images_per_second': 'in total',
           'cores': 'cores busy', 'peak_mb': 'peak MB'}


def main():
    parser = make_parser(__doc__)
    add_images(parser, train=400, test=2, batch_size=32)
    parser.add_argument('--large', type=int, default=24, help='number of large images')
    parser.add_argument('--small', type=int, default=1000, help='number of small images')
    parser.add_argument('--workers', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--kinds', nargs='+', choices=['photographs', 'large', 'small'],
                        default=['photographs', 'large', 'small'])
    args = parse(parser, train=8, large=2, small=4, batch_size=4, workers=[0])
    results, counts = {}, {'photographs': args.train, 'large': args.large, 'small': args.small}
    with tempfile.TemporaryDirectory() as place, \
            images(args, (args.train, args.test)) as (photographs,):
        for kind in args.kinds:
            data = photographs
            if kind != 'photographs':
                data = os.path.join(place, kind)
                ask_once(Side('synthetic images', 'this_package', 'draw_kind', {
                    'root': data, 'kind': kind, 'count': counts[kind] // 2}))
            sides = chosen(make_sides(args), args)
            found = compare(sides, args.rounds, {'data': data}, {'data': data})
            results.update({f'{kind}: {name}': result for name, result in found.items()})
    return report(args, results, COLUMNS, speed_ups=speed_ups(results))


def make_sides(args):
    options = {'batch_size': args.batch_size, 'image_size': args.image_size}
    sides = []
    for workers in args.workers:
        with_workers = {**options, 'workers': workers}
        sides += [
            Side(f'gluon_finetune, {workers} workers', 'this_package', 'loader', with_workers),
            Side(f'torchvision, {workers} workers', 'chapter_torch', 'loader', with_workers),
            Side(f'torchvision, {workers} workers, 1 thread', 'chapter_torch', 'loader',
                 with_workers, {'OMP_NUM_THREADS': '1'})]
    return sides


def speed_ups(results):
    """Return the speed-up over each of torchvision's sides with the same images and workers."""
    found = {}
    for name, result in results.items():
        kind, _, side = name.partition(': ')
        first = results.get(f'{kind}: gluon_finetune, {side.split(", ")[1]}')
        if side.startswith('torchvision') and first:
            found[name] = {key: advantage(first, result, key)
                           for key in ('images_per_cpu_second', 'images_per_second')}
    return found


if __name__ == '__main__':
    sys.exit(main())
