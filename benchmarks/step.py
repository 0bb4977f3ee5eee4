"""Training images/s of the step alone, and the share of this machine's limit it reaches.

    python benchmarks/step.py --json step.json

A step is forward, loss, backward and update on one batch that stays in memory. gluon_finetune runs
its loop on a net hybridised as usual; the chapter's steps read loss and accuracy after each batch,
as its library does.

The limit is the best rate at which this machine multiplies large matrices over the floating-point
operations to train on one image, counted from the layers of the network (limit.py).
"""
import sys

from harness import Side, ask_once, compare, say
from limit import SIZES, training_flops
from options import COMPILING, add_trials, chosen, make_parser, parse
from report import CORES, median, number, report, why_unmeasured, without_bfloat16
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
    rates, unmeasured = best_rates(args)
    sides, trials = make_sides(args)
    results = compare(chosen(sides, args), args.rounds, warm_up={})
    limits = {dtype: found['best'] * 1e9 / training_flops(macs) for dtype, found in rates.items()}
    shares = {name: share(name, result, limits) for name, result in results.items()}
    status = report(args, results, COLUMNS, trials=trials, macs=macs, rates=rates,
                    unmeasured=unmeasured, training_flops=training_flops(macs), limits=limits,
                    shares=shares)
    print_limit(args, macs, rates, unmeasured, limits, shares)
    return status


def best_rates(args):
    """Return the rates of matrix products in GFLOP/s, and why a dtype has none, both by dtype.

    The rates of a dtype are by library, with the 'best' of them.
    """
    rates, unmeasured = {}, {}
    for dtype, reason in {'float32': None, 'bfloat16': without_bfloat16()}.items():
        if reason:
            unmeasured[dtype] = reason
            continue
        sides = [Side(library, 'limit', 'gemm', {'library': library, 'cores': CORES, 'dtype': dtype,
                                                 'sizes': [64] if args.quick else SIZES})
                 for library in ('torch', 'mxnet', 'numpy')]
        results = compare(sides, args.rounds)
        found = {name: max(told['gflops'] for told in result['rounds'])
                 for name, result in results.items() if result['rounds']}
        if found:
            rates[dtype] = {**found, 'best': max(found.values())}
        else:
            unmeasured[dtype] = '; '.join(why_unmeasured(result) for result in results.values())
        say(f'matrices of {dtype}: ' + (', '.join(f'{name} {number(rate)} GFLOP/s'
                                                  for name, rate in found.items())
                                        or unmeasured[dtype]))
    return rates, unmeasured


def make_sides(args):
    """Return every side, and the trials of PyTorch."""
    mxnet = {'network': args.network, 'batch_size': args.batch_size,
             'image_size': args.image_size, 'steps': args.steps}
    torch = {**mxnet, 'network': args.torch_network}
    bare = {**torch, 'cores': CORES}
    sides = [
        Side('gluon_finetune', 'this_package', 'step', mxnet),
        Side('gluon_finetune, bfloat16', 'this_package', 'step', {**mxnet, 'dtype': 'bfloat16'},
             not_available=without_bfloat16()),
        Side('chapter, MXNet tab', 'chapter_mxnet', 'step', mxnet),
        Side('chapter, MXNet tab, all cores', 'chapter_mxnet', 'step', mxnet,
             {'OMP_NUM_THREADS': str(CORES)}),
        Side('chapter, PyTorch tab', 'chapter_torch', 'step', torch),
        Side('PyTorch, contiguous', 'tuned_torch', 'step', bare),
        Side('PyTorch, channels last', 'tuned_torch', 'step', {**bare, 'memory': 'channels last'}),
        Side('PyTorch, compiled', 'tuned_torch', 'step', {**bare, 'compiled': True},
             not_available=COMPILING if args.quick else None)]
    tuned, trials = tuned_sides('step', torch, args, steps=('keeping', 'optimizer'))
    return sides + tuned, trials


def share(name, result, limits):
    """Return images per second over the limit of the dtype; None where either is unmeasured."""
    speed = median(result, 'images_per_second')
    limit = limits.get('bfloat16' if 'bfloat16' in name else 'float32')
    return speed / limit if speed and limit else None


def print_limit(args, macs, rates, unmeasured, limits, shares):
    """Print the limit of each dtype with the share that each side reaches, or why it has none."""
    print(f'{args.network} at {args.image_size}: {sum(macs) / 1e9:.3f} G multiply-adds forward, '
          f'{training_flops(macs) / 1e9:.2f} GFLOP to train on an image')
    for dtype, limit in limits.items():
        print(f'{dtype}: {number(rates[dtype]["best"])} GFLOP/s, so at most {number(limit)} '
              f'images/s; reached: '
              + ', '.join(f'{name} {reached:.0%}' for name, reached in shares.items()
                          if reached and ('bfloat16' in name) == (dtype == 'bfloat16')))
    for dtype, reason in unmeasured.items():
        print(f'{dtype}: limit not measured: {reason}')


if __name__ == '__main__':
    sys.exit(main())
