import pytest

from gluon_finetune.compat import quantization
from gluon_finetune.compat.imports import mx
from gluon_finetune.errors import UsageError


def test_mxnet_2_cannot_quantize(monkeypatch):
    monkeypatch.setattr(quantization, 'MXNET_2', True)
    with pytest.raises(UsageError) as error:
        quantization.check_quantization()
    assert str(error.value) == '8-bit networks need MXNet 1: pip install "mxnet<2"'


@pytest.mark.mxnet1
def test_graph_and_values_of_a_symbol_block():
    data = mx.sym.var('data', dtype='float32')
    block = mx.gluon.SymbolBlock(mx.sym.FullyConnected(data, num_hidden=2, name='fc'), data)
    devices = [mx.cpu(0), mx.cpu(1)]
    block.initialize(ctx=devices)
    block(mx.nd.ones((1, 3)))
    weight = block.collect_params()['fc_weight']
    for part, value in zip(weight.list_data(), (1, 3)):
        part[:] = value
    assert quantization.graph_of(block).list_arguments() == ['data', 'fc_weight', 'fc_bias']
    values = quantization.averaged_values(block)
    assert values['fc_weight'].asnumpy().tolist() == [[2, 2, 2]] * 2
    assert sorted(values) == ['fc_bias', 'fc_weight']
