"""The limit of a training step: its floating-point operations over the best rate of this machine.

Operations are those of direct convolutions and dense layers, two per multiply-add, without
BatchNorm, ReLU, pooling and the optimiser. The rate is that of multiplying large matrices, the best
of three libraries and several sizes.
"""
import json
import time

import numpy as np
from side import NotAvailable

SIZES = (1024, 2048, 4096)


def network_macs(network, image_size):
    """Return the multiply-adds of each layer of a Gluon network for one image, in order."""
    import gluon_finetune as gf
    from gluon_finetune.compat.imports import mx

    def work():
        symbol = gf.scratch_net(network, 1000)(mx.sym.var('data'))
        internals = symbol.get_internals()
        _, shapes, _ = internals.infer_shape(data=(1, 3, image_size, image_size))
        nodes = json.loads(symbol.tojson())['nodes']
        return {'macs': layer_macs(nodes, dict(zip(internals.list_outputs(), shapes)))}
    return work


def layer_macs(nodes, shapes):
    """Return the multiply-adds of each convolution and dense layer of a graph, for one image.

    A convolution does the size of its kernel, over the input channels of its group, at each number
    of its output; a dense layer its weights once.
    """
    found = []
    for node in nodes:
        if node['op'] in ('Convolution', 'FullyConnected'):
            weight = shapes[nodes[node['inputs'][1][0]]['name']]
            places = shapes[f'{node["name"]}_output'][2:] if node['op'] == 'Convolution' else ()
            found.append(product(weight) * product(places))
    return found


def product(numbers):
    result = 1
    for factor in numbers:
        result *= int(factor)
    return result


def training_flops(macs):
    """Return the operations to train on one image: forward, and backward to weights and inputs.

    Backward takes each layer's multiply-adds twice more, the first layer's once: the gradient of
    the image is not needed.
    """
    return 2 * (3 * sum(macs) - macs[0])


def gemm(library, cores, dtype='float32', sizes=SIZES, seconds=2):
    """Return a side: the best rate in GFLOP/s at which `library` multiplies square matrices."""
    multiply = {'torch': torch_gemm, 'mxnet': mxnet_gemm, 'numpy': numpy_gemm}[library](
        cores, dtype)

    def work():
        return {'gflops': max(rate(multiply(size), size, seconds / len(sizes)) for size in sizes)}
    return work


def rate(product_once, size, seconds):
    """Return the GFLOP/s of the fastest call within `seconds`."""
    product_once()
    best, ends = float('inf'), time.perf_counter() + seconds
    while time.perf_counter() < ends:
        began = time.perf_counter()
        product_once()
        best = min(best, time.perf_counter() - began)
    return 2 * size ** 3 / best / 1e9


def torch_gemm(cores, dtype):
    import torch
    torch.set_num_threads(cores)

    def multiply(size):
        a, b = (torch.randn(size, size).to(getattr(torch, dtype)) for _ in 'ab')
        out = torch.empty_like(a)
        return lambda: torch.mm(a, b, out=out)
    return multiply


def mxnet_gemm(cores, dtype):
    if dtype != 'float32':
        raise NotAvailable(f'mx.nd.dot does not multiply {dtype}')
    import gluon_finetune  # noqa: F401  (sets the number of threads)
    from gluon_finetune.compat.imports import mx

    def multiply(size):
        a, b = (mx.nd.random.normal(shape=(size, size)) for _ in 'ab')
        out = mx.nd.zeros((size, size))
        return lambda: mx.nd.dot(a, b, out=out).wait_to_read()
    return multiply


def numpy_gemm(cores, dtype):
    if dtype != 'float32':
        raise NotAvailable(f'NumPy has no {dtype}')

    def multiply(size):
        a, b = (np.random.RandomState(i).randn(size, size).astype('float32') for i in (0, 1))
        out = np.empty_like(a)
        return lambda: np.matmul(a, b, out=out)
    return multiply
