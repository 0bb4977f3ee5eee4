"""Cost of the gradient of the input, with which the statistics of a BatchNorm on it move.

    python benchmarks/input_gradient.py [--network resnet18_v2] [--image-size 224] [--rounds 15]

Steps of the package's loop with and without it take turns, on one batch in memory. The CPU time
tells them apart even on a machine that does other work.
"""
import argparse
import statistics
import time
from unittest import mock

import numpy as np

import gluon_finetune as gf
from gluon_finetune.compat.imports import array, mx
from gluon_finetune.training import loop

CLOCKS = {'seconds': time.perf_counter, 'CPU seconds': time.process_time}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--network', default='resnet18_v2')
    parser.add_argument('--image-size', type=int, default=224)
    parser.add_argument('--batch-size', type=int, default=32)
    parser.add_argument('--rounds', type=int, default=15)
    args = parser.parse_args()
    generator = np.random.RandomState(0)
    X = array(generator.randn(args.batch_size, 3, args.image_size, args.image_size))
    y = array(generator.randint(0, 2, args.batch_size))
    with_it = timed_steps(args, X, y)
    with mock.patch.object(loop, 'input_gradient', lambda net: list):
        without = timed_steps(args, X, y)
    pairs = [(next(with_it), next(without)) for _ in range(args.rounds)]
    for name in CLOCKS:
        one, other = ([step[name] for step in side] for side in zip(*pairs))
        ratio = statistics.median(a / b for a, b in zip(one, other))
        print(f'{name} of a step: {statistics.median(one):.3f} with, '
              f'{statistics.median(other):.3f} without; median of the ratios {ratio:.3f}')


def timed_steps(args, X, y):
    """Warm up; return a generator that takes a step and yields what it took, by clock."""
    net = gf.scratch_net(args.network, 2, seed=0)
    net(X[:1])
    net.hybridize(static_alloc=True, static_shape=True)
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 1e-3})
    steps = loop.train_steps(net, [(X, y)] * (args.rounds + 2), [],
                             mx.gluon.loss.SoftmaxCrossEntropyLoss(), trainer, 1, progress=False)
    for _ in range(2):
        timed(steps)
    return (timed(steps) for _ in range(args.rounds))


def timed(steps):
    began = {name: clock() for name, clock in CLOCKS.items()}
    next(steps)
    mx.nd.waitall()
    return {name: clock() - began[name] for name, clock in CLOCKS.items()}


if __name__ == '__main__':
    main()
