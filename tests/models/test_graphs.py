"""Rewritten graphs of a network give the same numbers with the same weights."""
import json

import numpy as np
import pytest

from gluon_finetune.compat.cpu import has_bfloat16
from gluon_finetune.compat.graphs import compiled_graph
from gluon_finetune.compat.imports import array, contrib, mx
from gluon_finetune.models.finetune import scratch_net
from gluon_finetune.models.freeze import freeze_features
from gluon_finetune.models.graphs import fused, in_precision, split
from gluon_finetune.models.output import set_weights, weights

pytestmark = pytest.mark.mxnet1   # whose graphs can be cut and rewritten

LOSS = mx.gluon.loss.SoftmaxCrossEntropyLoss()
NETWORKS = ['resnet18_v2', 'resnet18_v1', 'mobilenetv2_0.25', 'mobilenetv3_small']


def compiled(name):
    net = scratch_net(name, 3)
    net.hybridize(static_alloc=True, static_shape=True)
    return net


def batch(count=4, size=32):
    generator = np.random.RandomState(0)
    return array(generator.randn(count, 3, size, size)), array(np.arange(count) % 3, dtype='int32')


def step(net, trainer, X, y):
    with mx.autograd.record():
        loss = LOSS(net(X), y)
    loss.backward()
    trainer.step(len(X))


def relative_difference(a, b):
    return abs(a.asnumpy() - b.asnumpy()).max() / abs(b.asnumpy()).max()


@pytest.mark.parametrize('name', NETWORKS)
def test_a_fused_net_infers_the_same(name, numpy_mode):
    net, (X, _) = compiled(name), batch()
    net(X)
    generator = np.random.RandomState(1)
    for _ in range(2):   # weights that change, and statistics that are not 0 and 1
        set_weights(net, {name: value * generator.uniform(0.8, 1.2, value.shape) + 0.01
                          for name, value in weights(net).items()})
        assert relative_difference(fused(net)(X), net(X)) < 1e-5
    kinds = {node['op'] for node in json.loads(compiled_graph(fused(net)).tojson())['nodes']}
    assert '_sg_mkldnn_conv' in kinds and 'Convolution' not in kinds


def test_frozen_statistics_stay_frozen_in_a_fused_net():
    net, (X, _) = freeze_features(compiled('resnet18_v2')), batch()
    assert relative_difference(fused(net)(X), net(X)) < 1e-5


def test_other_nets_are_not_fused(numpy_mode):
    eager = scratch_net('resnet18_v2', 3)
    assert fused(eager) is eager
    plain = mx.gluon.nn.Sequential()
    assert fused(plain) is plain
    half = in_precision(compiled_with_weights(), 'bfloat16')
    assert fused(half) is half


def test_frozen_features_are_fused(numpy_mode):
    net = compiled_with_weights()
    features, _ = split(net, net.output)
    assert relative_difference(fused(features)(batch()[0]), features(batch()[0])) < 1e-5


def compiled_with_weights():
    net = compiled('resnet18_v2')
    net(batch()[0])
    return net


@pytest.mark.parametrize('dtype', ['bfloat16', 'float16'])
def test_layers_cast_float32_weights(dtype):
    graph = compiled_graph(in_precision(compiled_with_weights(), dtype))
    nodes = json.loads(graph.tojson(remove_amp_cast=False))['nodes']
    cast = {nodes[node['inputs'][0][0]]['name']: node['attrs']['dtype'] for node in nodes
            if node['op'] == 'amp_cast'}
    multiplied = [nodes[index]['name'] for node in nodes for index, *_ in node['inputs']
                  if node['op'] in ('Convolution', 'FullyConnected')]
    assert len(multiplied) == 43 and not [name for name in multiplied if name.endswith('weight')]
    assert sum(kind == dtype for name, kind in cast.items() if name.endswith('weight')) == 21
    assert nodes[-1]['op'] == 'amp_cast' and nodes[-1]['attrs']['dtype'] == 'float32'


def test_half_precision_trains_the_parameters_of_the_net(numpy_mode, monkeypatch):
    """Casts to float32 instead, which every CPU supports: equal bit for bit."""
    def to_float32(*args, **kwargs):
        graph = convert(*args, **kwargs).tojson(remove_amp_cast=False)
        return mx.sym.load_json(graph.replace('bfloat16', 'float32'))
    convert = contrib('amp').convert_symbol
    monkeypatch.setattr(contrib('amp'), 'convert_symbol', to_float32)
    results = []
    for lowered in (False, True):
        mx.random.seed(0)
        net, (X, y) = compiled('resnet18_v2'), batch()
        net(X)
        computing = in_precision(net, 'bfloat16') if lowered else net
        trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 0.01})
        for _ in range(2):
            step(computing, trainer, X, y)
        results.append([*weights(net).values(), computing(X).asnumpy()])
    assert all((one == other).all() for one, other in zip(*results))


@pytest.mark.skipif(not has_bfloat16(), reason='this CPU has no AVX-512, which bfloat16 needs')
def test_bfloat16_is_close_to_float32():
    net, (X, _) = compiled_with_weights(), batch()
    half = in_precision(net, 'bfloat16')
    assert half(X).dtype == np.float32 and 0 < relative_difference(half(X), net(X)) < 0.1
