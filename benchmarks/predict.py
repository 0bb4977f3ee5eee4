"""Images classified per second: ours in float32, bfloat16 and int8, PyTorch, ONNX Runtime.

    python benchmarks/predict.py --data FOLDER [--source FILE] --json predict.json

First a run is trained to predict with (`--run RUN` takes one that is there). "Network" is one batch
in memory, again and again; "from files" is reading, preparing and classifying every test image;
accuracy is that of the run on them, so that int8 can be held against float32: it means something
with `--source`, pretrained weights, alone. PyTorch has random weights, as its speed does not depend
on them, in inference mode: eager, compiled, compiled with frozen weights, and as a frozen script
with fused layers. ONNX Runtime runs what PyTorch exports.
"""
import os
import sys
import tempfile

from harness import Side, ask_once, compare
from options import COMPILING, add_images, chosen, images, make_parser, parse
from report import CORES, report, without_bfloat16
from tuning import KEEPING

COLUMNS = {'images_per_second': 'network, images/s', 'files_per_second': 'from files',
           'accuracy': 'accuracy', 'cores': 'cores busy', 'peak_mb': 'peak MB'}


def main():
    parser = make_parser(__doc__)
    add_images(parser, train=256, test=200, batch_size=32)
    parser.add_argument('--source', help='pretrained weights of a Gluon network, to train from')
    parser.add_argument('--epochs', type=int, default=2, help='of that training')
    parser.add_argument('--run', help='a run directory that is there, instead')
    parser.add_argument('--steps', type=int, default=10, help='batches in a round')
    args = parse(parser, train=8, test=4, batch_size=4, steps=1, epochs=1)
    with tempfile.TemporaryDirectory() as place, \
            images(args, (args.train, args.test)) as (data,):
        run, onnx = args.run or os.path.join(place, 'run'), os.path.join(place, 'net.onnx')
        sides = chosen(make_sides(args, data, run, onnx), args)
        if not args.run:
            ask_once(Side('training', 'ours', 'make_run', {
                'data': data, 'path': run, 'network': args.network, 'source': args.source,
                'image_size': args.image_size, 'epochs': args.epochs}))
        if any(side.module == 'onnx_runtime' for side in sides):
            # Without the file, that side says what is missing.
            compare([Side('export', 'tuned_torch', 'export_onnx', {
                'network': args.torch_network, 'data': data, 'image_size': args.image_size,
                'path': onnx})], 1)
        return report(args, compare(sides, args.rounds, warm_up={}), COLUMNS)


def make_sides(args, data, run, onnx):
    """Every side; those of PyTorch in every way its guides name."""
    batch = {'batch_size': args.batch_size, 'image_size': args.image_size, 'steps': args.steps}
    mine = {**batch, 'run': run, 'data': data}
    torch = {**batch, 'network': args.torch_network, 'data': data, 'cores': CORES}
    last, bare = {'memory': 'channels last'}, without_bfloat16()
    slow = COMPILING if args.quick else None

    def theirs(name, environ=None, not_available=None, **tuning):
        return Side(f'PyTorch, {name}', 'tuned_torch', 'predict', {**torch, **tuning},
                    environ or {}, not_available)
    return [
        Side('ours', 'ours', 'predict', mine),
        Side('ours, bfloat16', 'ours', 'predict', {**mine, 'dtype': 'bfloat16'},
             not_available=bare),
        Side('ours, int8', 'ours', 'predict', {**mine, 'dtype': 'int8'}),
        theirs('contiguous'),
        theirs('channels last', **last),
        theirs('channels last, keeping memory', KEEPING, **last),
        theirs('frozen script', script=True),
        theirs('frozen script, channels last', KEEPING, script=True, **last),
        theirs('compiled', not_available=slow, compiled=True),
        theirs('compiled, frozen', {'TORCHINDUCTOR_FREEZING': '1'}, slow, compiled=True),
        theirs('compiled, frozen, channels last', {'TORCHINDUCTOR_FREEZING': '1', **KEEPING}, slow,
               compiled=True, **last),
        theirs('bfloat16', None, bare, dtype='bfloat16', **last),
        theirs('bfloat16, compiled', None, bare or slow, dtype='bfloat16', compiled=True, **last),
        Side('ONNX Runtime', 'onnx_runtime', 'predict', {**batch, 'path': onnx, 'cores': CORES})]


if __name__ == '__main__':
    sys.exit(main())
