"""Images/s classified: gluon_finetune in float32, bfloat16 and int8, PyTorch, ONNX Runtime.

    python benchmarks/predict.py --data FOLDER [--source FILE] --json predict.json

A run is trained first, unless `--run RUN` names one. "Network" repeats one batch in memory; "from
files" reads, prepares and classifies every test image. The accuracy on them compares int8 with
float32, and is meaningful only with pretrained weights (`--source`). PyTorch has random weights,
which do not change its speed, in inference mode: eager, compiled, compiled with frozen weights, and
as a frozen script with fused layers. ONNX Runtime runs the network that PyTorch exports.
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
    parser.add_argument('--run', help='an existing run directory instead')
    parser.add_argument('--steps', type=int, default=10, help='batches in a round')
    args = parse(parser, train=8, test=4, batch_size=4, steps=1, epochs=1)
    with tempfile.TemporaryDirectory() as place, \
            images(args, (args.train, args.test)) as (data,):
        run, onnx = args.run or os.path.join(place, 'run'), os.path.join(place, 'net.onnx')
        sides = chosen(make_sides(args, data, run, onnx), args)
        if not args.run:
            ask_once(Side('training', 'this_package', 'make_run', {
                'data': data, 'path': run, 'network': args.network, 'source': args.source,
                'image_size': args.image_size, 'epochs': args.epochs}))
        if any(side.module == 'onnx_runtime' for side in sides):
            # Without the file, that side reports what is missing.
            compare([Side('export', 'tuned_torch', 'export_onnx', {
                'network': args.torch_network, 'data': data, 'image_size': args.image_size,
                'path': onnx})], 1)
        return report(args, compare(sides, args.rounds, warm_up={}), COLUMNS)


def make_sides(args, data, run, onnx):
    """Return every side; PyTorch in every way its guides name."""
    batch = {'batch_size': args.batch_size, 'image_size': args.image_size, 'steps': args.steps}
    mine = {**batch, 'run': run, 'data': data}
    torch = {**batch, 'network': args.torch_network, 'data': data, 'cores': CORES}
    last, bare = {'memory': 'channels last'}, without_bfloat16()
    slow = COMPILING if args.quick else None

    def tuned(name, environ=None, not_available=None, **tuning):
        return Side(f'PyTorch, {name}', 'tuned_torch', 'predict', {**torch, **tuning},
                    environ or {}, not_available)
    return [
        Side('gluon_finetune', 'this_package', 'predict', mine),
        Side('gluon_finetune, bfloat16', 'this_package', 'predict', {**mine, 'dtype': 'bfloat16'},
             not_available=bare),
        Side('gluon_finetune, int8', 'this_package', 'predict', {**mine, 'dtype': 'int8'}),
        tuned('contiguous'),
        tuned('channels last', **last),
        tuned('channels last, keeping memory', KEEPING, **last),
        tuned('frozen script', script=True),
        tuned('frozen script, channels last', KEEPING, script=True, **last),
        tuned('compiled', not_available=slow, compiled=True),
        tuned('compiled, frozen', {'TORCHINDUCTOR_FREEZING': '1'}, slow, compiled=True),
        tuned('compiled, frozen, channels last', {'TORCHINDUCTOR_FREEZING': '1', **KEEPING}, slow,
               compiled=True, **last),
        tuned('bfloat16', None, bare, dtype='bfloat16', **last),
        tuned('bfloat16, compiled', None, bare or slow, dtype='bfloat16', compiled=True, **last),
        Side('ONNX Runtime', 'onnx_runtime', 'predict', {**batch, 'path': onnx, 'cores': CORES})]


if __name__ == '__main__':
    sys.exit(main())
