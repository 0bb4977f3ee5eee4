import numpy as np
import pytest

from gluon_finetune import scratch_net
from gluon_finetune.compat.graphs import (
    compiled_graph,
    drop_compiled_graph,
    input_symbol,
    is_hybridized,
    symbol_block,
    tracer,
)
from gluon_finetune.compat.imports import array, mx

nn = mx.gluon.nn


def test_tracing_leaves_the_net_unchanged(numpy_mode):
    net = scratch_net('alexnet', 2)
    mx.random.seed(7)
    expected = mx.nd.random.uniform(shape=(3,)).asnumpy()
    mx.random.seed(7)
    graph, known = tracer(net)((1, 3, 64, 64))
    assert graph.infer_shape_partial(data=(1, 3, 64, 64), **known)[1] == [(1, 2)]
    assert net.features[0].weight.shape == (64, -1 if numpy_mode else 0, 11, 11)
    assert (mx.nd.random.uniform(shape=(3,)).asnumpy() == expected).all()


def test_only_hybridized_blocks_run_as_a_compiled_graph(numpy_mode):
    net = nn.HybridSequential()
    assert not is_hybridized(net) and not is_hybridized(nn.Sequential())
    net.hybridize()
    assert is_hybridized(net)


def test_a_dropped_graph_is_compiled_anew(numpy_mode):
    net = nn.HybridSequential()
    net.add(nn.Dense(2, in_units=3))
    net.initialize()
    net.hybridize()
    X = array(np.ones((1, 3)))
    answer = net(X).asnumpy()
    graph = compiled_graph(net)
    drop_compiled_graph(net)
    drop_compiled_graph(nn.Sequential())   # has none
    assert (net(X).asnumpy() == answer).all()
    assert compiled_graph(net) is not graph


@pytest.mark.mxnet1
def test_a_block_of_a_graph_computes_it(numpy_mode):
    data = input_symbol('data')
    block = symbol_block(data * 2, data)
    assert block(array(np.ones((1, 3)))).asnumpy().tolist() == [[2, 2, 2]]
