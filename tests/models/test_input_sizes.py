import pytest

from gluon_finetune import scratch_net
from gluon_finetune.compat.imports import array, mx
from gluon_finetune.models.input_sizes import COMMON_SIZES, explain_refusal, fitting_sizes


@pytest.mark.parametrize('name, sizes', [
    ('resnet18_v2', list(COMMON_SIZES)), ('densenet121', [224, 256, 299, 331]),
    ('inceptionv3', [299, 331]),
    pytest.param('residualattentionnet56', [224], marks=pytest.mark.mxnet1)])
def test_sizes_that_fit(name, sizes, numpy_mode):
    assert fitting_sizes(scratch_net(name, 2)) == sizes


def test_dense_layers_fix_the_size_of_the_first_batch(numpy_mode):
    net = scratch_net('alexnet', 2)
    assert fitting_sizes(net) == [64, 96, 128, 160, 192, 224, 256, 299, 331]
    net(array(mx.nd.zeros((1, 3, 96, 96))))
    assert fitting_sizes(net) == [96]


def test_the_message_names_the_sizes_that_fit():
    assert explain_refusal(scratch_net('squeezenet1.1', 2), 64, ValueError('why\nindeed\n')) == (
        'images of 64x64 pixels do not fit this net: sizes that fit are 224, 256, 299, 331')
    assert explain_refusal(mx.gluon.nn.Sequential(), 64, ValueError('so')) == (
        'images of 64x64 pixels do not fit this net: so')


@pytest.mark.mxnet1
def test_the_message_about_another_array_api():
    net = scratch_net('resnet18_v2', 2)
    with mx.util.np_shape(True), mx.util.np_array(True):
        assert explain_refusal(net, 64, TypeError('so')) == (
            'the net does not accept arrays of the active array API (so): create it with '
            'finetune_net or scratch_net after the last change of npx.set_np()')
