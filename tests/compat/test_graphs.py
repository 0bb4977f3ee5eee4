import numpy as np
import pytest

from gluon_finetune import scratch_net
from gluon_finetune.compat.graphs import (
    compiled_graph,
    drop_compiled_graph,
    graph_nodes,
    input_symbol,
    is_hybridized,
    known_shapes,
    symbol_block,
    trace_in_active_api,
    tracer,
)
from gluon_finetune.compat.imports import array, mx

nn = mx.gluon.nn


def test_tracing_leaves_the_net_unchanged(numpy_mode):
    net = scratch_net('alexnet', 2)
    mx.random.seed(7)
    expected = mx.nd.random.uniform(shape=(3,)).asnumpy()
    mx.random.seed(7)
    graph, params = tracer(net)((1, 3, 64, 64))
    known = known_shapes(graph, params, (1, 3, 64, 64))
    assert graph.infer_shape_partial(**known)[1] == [(1, 2)]
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


@pytest.mark.mxnet1
def test_a_block_of_a_graph_is_traced_as_its_graph(numpy_mode):
    data = input_symbol('images')
    graph, traced_data = trace_in_active_api(symbol_block(data * 2, data))
    assert graph.list_inputs() == ['images'] and traced_data.name == 'images'
    assert known_shapes(graph, {}, (1, 3)) == {'images': (1, 3)}


def test_nodes_follow_their_inputs(numpy_mode):
    net = scratch_net('resnet18_v2', 2)
    nodes = graph_nodes(tracer(net)((1, 3, 32, 32))[0])
    assert {'BatchNorm', 'Convolution'} < {node['op'] for node in nodes}
    assert all(index < number for number, node in enumerate(nodes)
               for index, *_ in node['inputs'])
