"""Training images per second of the bare step, and the share of this machine's limit it reaches.

    python benchmarks/step.py --json step.json

A step is forward, loss, backward and update on one batch that stays in memory. Ours is the
package's loop on a net as the package hybridises it; the chapter's steps ask for loss and accuracy
after each batch, as its library does.

The limit: the floating-point operations to train on one image, counted from the layers of the
network (limit.py says which), over the best rate at which this machine multiplies large matrices.
A step at the limit would do nothing but multiply, at full rate.
"""
import sys

from harness import Side, ask_once, compare, say
from limit import SIZES, training_flops
from options import add_trials, chosen, make_parser, parse
from report import CORES, median, number, report, without_bfloat16
from tuning import tuned_sides

COLUMNS = {'images_per_second': 'images/s', 'cores': 'cores busy', 'peak_mb': 'peak MB'}


def main():
    parser = make_parser(__doc__)
    parser.add_argument('--batch-size', type=int, default=32)
    parser.add_argument('--steps', type=int, default=4, help='steps in a round')
    add_trials(parser)
    args = parse(parser, batch_size=2, steps=1)
    macs = ask_once(Side('operations', 'limit', 'network_macs',
                         {'network': args.network, 'image_size': args.image_size}))['macs']
    rates = best_rates(args)
    sides, trials = make_sides(args)
    results = compare(chosen(sides, args), args.rounds, warm_up={})
    limits = {dtype: found['best'] * 1e9 / training_flops(macs) for dtype, found in rates.items()}
    shares = {name: share(name, result, limits) for name, result in results.items()}
    status = report(args, results, COLUMNS, trials=trials, macs=macs, rates=rates,
                    training_flops=training_flops(macs), limits=limits, shares=shares)
    print_limit(args, macs, rates, limits, shares)
    return status


def best_rates(args):
    """{'float32': {'torch': GFLOP/s, ..., 'best': ...}, and 'bfloat16' where the CPU has it}."""
    sizes = [64] if args.quick else SIZES
    dtypes = ['float32'] + ['bfloat16'] * (without_bfloat16() is None)
    found = {}
    for dtype in dtypes:
        sides = [Side(library, 'limit', 'gemm', {'library': library, 'cores': CORES,
                                                 'dtype': dtype, 'sizes': sizes})
                 for library in ('torch', 'mxnet', 'numpy')]
        results = compare(sides, args.rounds)
        rates = {name: max(told['gflops'] for told in result['rounds'])
                 for name, result in results.items() if result['rounds']}
        found[dtype] = {**rates, 'best': max(rates.values())}
        say(f'matrices of {dtype}: ' + ', '.join(f'{name} {number(rate)} GFLOP/s'
                                                 for name, rate in rates.items()))
    return found


def make_sides(args):
    """Every side, and what the trials of PyTorch gave."""
    mxnet = {'network': args.network, 'batch_size': args.batch_size,
             'image_size': args.image_size, 'steps': args.steps}
    torch = {**mxnet, 'network': args.torch_network}
    bare = {**torch, 'cores': CORES}
    sides = [
        Side('ours', 'ours', 'step', mxnet),
        Side('ours, bfloat16', 'ours', 'step', {**mxnet, 'dtype': 'bfloat16'},
             not_available=without_bfloat16()),
        Side('chapter, MXNet tab', 'chapter_mxnet', 'step', mxnet),
        Side('chapter, MXNet tab, all cores', 'chapter_mxnet', 'step', mxnet,
             {'OMP_NUM_THREADS': str(CORES)}),
        Side('chapter, PyTorch tab', 'chapter_torch', 'step', torch),
        Side('PyTorch, contiguous', 'tuned_torch', 'step', bare),
        Side('PyTorch, channels last', 'tuned_torch', 'step', {**bare, 'memory': 'channels last'}),
        Side('PyTorch, compiled', 'tuned_torch', 'step', {**bare, 'compiled': True},
             not_available='compiling takes a minute: left out of --quick' if args.quick else None)]
    theirs, trials = tuned_sides('step', torch, args, steps=('keeping', 'optimizer'))
    return sides + theirs, trials


def share(name, result, limits):
    """Images per second over the limit of the number format; None without a measurement."""
    speed = median(result, 'images_per_second')
    return speed and speed / limits['bfloat16' if 'bfloat16' in name else 'float32']


def print_limit(args, macs, rates, limits, shares):
    print(f'{args.network} at {args.image_size}: {sum(macs) / 1e9:.3f} G multiply-adds forward, '
          f'{training_flops(macs) / 1e9:.2f} GFLOP to train on an image')
    for dtype, limit in limits.items():
        print(f'{dtype}: {number(rates[dtype]["best"])} GFLOP/s, so at most {number(limit)} '
              f'images/s; reached: '
              + ', '.join(f'{name} {reached:.0%}' for name, reached in shares.items()
                          if reached and ('bfloat16' in name) == (dtype == 'bfloat16')))


if __name__ == '__main__':
    sys.exit(main())
