"""The floating-point operations of a network, counted by hand."""
import sys

import limit
import pytest
from side import NotAvailable

CONV = 3 * 3   # multiply-adds for each output number and input channel


def test_resnet18_by_hand():
    first = 112 * 112 * 64 * 3 * 7 * 7
    stage = 56 * 56 * 64 * 64 * CONV            # one full convolution of any stage
    halving = 28 * 28 * 128 * 64 * CONV         # the first of stages 2 to 4
    shortcut = 28 * 28 * 128 * 64
    total = first + 4 * stage + 3 * (halving + 3 * stage + shortcut) + 512 * 1000
    assert total == 1_814_073_344   # the paper, arxiv.org/abs/1512.03385, says 1.8e9
    for network in ('resnet18_v2', 'resnet18_v1'):
        macs = limit.network_macs(network, 224)()['macs']
        assert (len(macs), macs[0], macs[-1], sum(macs)) == (21, first, 512000, total)


def test_groups_divide_a_convolution():
    nodes = [{'op': 'null', 'name': 'data', 'inputs': []},
             {'op': 'null', 'name': 'weight', 'inputs': []},
             {'op': 'Convolution', 'name': 'conv', 'inputs': [[0, 0, 0], [1, 0, 0]]},
             {'op': 'Activation', 'name': 'relu', 'inputs': [[2, 0, 0]]}]
    shapes = {'data': (1, 8, 5, 5), 'weight': (8, 1, 3, 3), 'conv_output': (1, 8, 5, 5)}
    assert limit.layer_macs(nodes, shapes) == [5 * 5 * 8 * CONV]


def test_training_takes_three_times_the_operations_without_the_gradient_of_images():
    assert limit.training_flops([10, 100]) == 2 * (2 * 10 + 3 * 100)


@pytest.mark.parametrize('library', ['numpy', 'mxnet', 'torch'])
def test_rate_of_matrices(library):
    if library == 'torch':
        pytest.importorskip('torch', reason='PyTorch is not installed')
    work = limit.gemm(library, 1, sizes=[16, 32], seconds=0.01)
    assert 0 < work()['gflops'] < 1e5


@pytest.mark.parametrize('library, reason', [
    ('numpy', 'NumPy has no bfloat16'), ('mxnet', 'mx.nd.dot does not multiply bfloat16')])
def test_bfloat16_takes_torch(library, reason):
    with pytest.raises(NotAvailable, match=f'^{reason}$'):
        limit.gemm(library, 1, 'bfloat16')


def test_without_torch_its_rate_is_not_measured(monkeypatch):
    monkeypatch.setitem(sys.modules, 'torch', None)
    with pytest.raises(ModuleNotFoundError):
        limit.gemm('torch', 1, 'bfloat16')


def test_the_rate_is_that_of_the_fastest_call(monkeypatch):
    # Each pair is one call: of 2 s, then of 1 s; the end is asked for before each.
    clock = iter([0, 0, 0, 2, 2, 2, 3, 9])
    monkeypatch.setattr(limit.time, 'perf_counter', lambda: next(clock))
    assert limit.rate(lambda: None, 1000, 5) == pytest.approx(2)   # 2e9 operations in 1 s
