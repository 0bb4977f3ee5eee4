import os

import numpy as np
import pytest

from gluon_finetune import UsageError, scratch_net
from gluon_finetune.compat.array_api import legacy_api
from gluon_finetune.compat.graphs import compiled_graph
from gluon_finetune.compat.imports import array, mx
from gluon_finetune.models.int8 import _mean_output, _quantize, load_int8, quantize
from gluon_finetune.models.output import copy_net

pytestmark = pytest.mark.mxnet1   # its graphs can be rewritten


@pytest.fixture(scope='module')
def net():
    with legacy_api():
        mx.random.seed(0)
        net = scratch_net('resnet18_v2', 3)
        net(array(np.zeros((1, 3, 32, 32))))
        return net


@pytest.fixture(scope='module')
def X():
    return np.random.RandomState(0).randn(64, 3, 32, 32).astype('float32')


def save(quantized, folder):
    os.makedirs(folder)
    compiled_graph(quantized).save(str(folder / 'graph.json'))
    mx.nd.save(str(folder / 'weights.params'), {
        param.name: param.data() for param in quantized.collect_params().values()})


def test_the_mean_output_is_corrected(net, X, capfd):
    corrected_net = copy_net(net)
    exact = _mean_output(net, X)
    plain, corrected = _quantize(net, X), quantize(corrected_net, X)
    far, near = (abs(_mean_output(block, X) - exact).max() for block in (plain, corrected))
    assert near < far / 2
    assert capfd.readouterr() == ('', '')


def test_a_saved_network_computes_the_same_in_either_array_api(net, X, tmp_path, numpy_mode):
    with legacy_api():
        quantized = _quantize(net, X[:8])
        expected = quantized(array(X[:8])).asnumpy()
        save(quantized, tmp_path / 'int8')
    assert (load_int8(tmp_path)(array(X[:8])).asnumpy() == expected).all()


def test_files_that_are_missing_or_corrupt(net, X, tmp_path):
    with pytest.raises(UsageError) as caught:
        load_int8(tmp_path)
    assert str(caught.value) == (f'{tmp_path} has no int8 network: create it with gluon-finetune '
                                 f'export {tmp_path} --to int8 --data DATA')
    save(_quantize(net, X[:8]), tmp_path / 'int8')
    graph, weights = tmp_path / 'int8' / 'graph.json', tmp_path / 'int8' / 'weights.params'
    mx.nd.save(str(weights), {'a': mx.nd.zeros(2)})
    with pytest.raises(UsageError) as caught:
        load_int8(tmp_path)
    assert str(caught.value).startswith(f'{weights} does not fit {graph}: ')
    assert str(caught.value).endswith(' more')
    graph.write_text(graph.read_text()[:1000])
    with pytest.raises(UsageError) as caught:
        load_int8(tmp_path)
    assert str(caught.value).startswith(f'{graph} is corrupt (')
    assert str(caught.value).endswith('): export the network again')
