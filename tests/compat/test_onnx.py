import sys

import numpy as np
import pytest

from gluon_finetune.compat.imports import mx
from gluon_finetune.compat.onnx import INPUT, IR_VERSION, OPSET, to_onnx
from gluon_finetune.errors import UsageError

onnx = pytest.importorskip('onnx', reason='needs the extra export')
runtime = pytest.importorskip('onnxruntime', reason='needs the extra export')
pytestmark = pytest.mark.mxnet1   # whose exporter knows legacy operators


def convert(net, size=8):
    """The model of a net with random weights, and the outputs of both for two images."""
    X = np.random.rand(2, 3, size, size).astype('float32')
    expected = net(mx.nd.array(X)).asnumpy()
    values = {name: param.data() for name, param in net.collect_params().items()}
    model = to_onnx(net(mx.sym.var(INPUT)), values, size)
    session = runtime.InferenceSession(model.SerializeToString())
    return model, session.run(None, {INPUT: X})[0], expected


def small_net(**options):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Conv2D(4, 3), mx.gluon.nn.BatchNorm(**options), mx.gluon.nn.Dense(2))
    net.initialize(mx.init.Xavier())
    net(mx.nd.ones((1, 3, 8, 8)))
    return net


def test_the_model_takes_batches_and_has_no_weights_among_its_inputs():
    model, outputs, expected = convert(small_net())
    assert np.allclose(outputs, expected, atol=1e-6)
    assert [value.name for value in model.graph.input] == [INPUT]
    assert (model.ir_version, model.opset_import[0].version) == (IR_VERSION, OPSET)
    shape = model.graph.output[0].type.tensor_type.shape.dim
    assert (shape[0].dim_param, shape[1].dim_value) == ('batch', 2)
    used = {name for node in model.graph.node for name in node.input}
    assert {tensor.name for tensor in model.graph.initializer} <= used


@pytest.mark.parametrize('scale', [False, True])
def test_a_gamma_that_mxnet_takes_for_1(scale):
    net = small_net(scale=scale)   # without a scale, fix_gamma=True
    net[1].gamma.set_data(mx.nd.array([3, 0.5, 2, 7]))
    _, outputs, expected = convert(net)
    assert np.allclose(outputs, expected, atol=1e-5)


def test_an_operator_that_the_exporter_lacks_is_named():
    with pytest.raises(UsageError) as error:
        to_onnx(mx.sym.erf(mx.sym.var(INPUT)), {}, 8)
    assert str(error.value) == (
        "MXNet's exporter to ONNX does not support this network: No conversion function "
        'registered for op type erf yet.')


def test_what_was_changed_for_the_exporter_is_restored():
    exporter = mx.onnx.mx2onnx._export_onnx.MXNetGraph
    before = vars(onnx).get('mapping'), sys.modules.get('onnx.mapping')
    convert_weight = exporter.registry_[12]['null']
    convert(small_net())
    assert (vars(onnx).get('mapping'), sys.modules.get('onnx.mapping')) == before
    assert exporter.registry_[12]['null'] is convert_weight


def test_operators_are_registered_where_mxnet_was_imported_without_onnx(monkeypatch):
    exporter = mx.onnx.mx2onnx._export_onnx.MXNetGraph
    monkeypatch.setattr(exporter, 'registry_', {})
    _, outputs, expected = convert(small_net())
    assert np.allclose(outputs, expected, atol=1e-6)
    assert len(exporter.registry_[12]) > 100
