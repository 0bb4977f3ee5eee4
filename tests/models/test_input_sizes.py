import pytest

from gluon_finetune import scratch_net
from gluon_finetune.compat.imports import array, mx
from gluon_finetune.models.input_sizes import COMMON_SIZES, explain_refusal, fitting_sizes


@pytest.mark.parametrize('name, sizes', [
    ('resnet18_v2', list(COMMON_SIZES)), ('densenet121', [224, 256, 299, 331]),
    ('inceptionv3', [299, 331]),
    pytest.param('residualattentionnet56', [224], marks=pytest.mark.mxnet1)])
def test_sizes_that_go_through(name, sizes, numpy_mode):
    assert fitting_sizes(scratch_net(name, 2)) == sizes


def test_dense_layers_bind_a_net_to_the_size_of_its_first_batch(numpy_mode):
    net = scratch_net('alexnet', 2)
    assert fitting_sizes(net) == [64, 96, 128, 160, 192, 224, 256, 299, 331]
    net(array(mx.nd.zeros((1, 3, 96, 96))))
    assert fitting_sizes(net) == [96]


def test_a_refusal_says_which_sizes_will_do():
    assert explain_refusal(scratch_net('squeezenet1.1', 2), 64, ValueError('why\nindeed\n')) == (
        'an image of 64x64 does not go through this net: sizes that do are 224, 256, 299, 331')
    assert explain_refusal(mx.gluon.nn.Sequential(), 64, ValueError('so')) == (
        'an image of 64x64 does not go through this net: so')


@pytest.mark.mxnet1
def test_a_refusal_of_the_arrays_says_how_to_make_the_net():
    net = scratch_net('resnet18_v2', 2)
    with mx.util.np_shape(True), mx.util.np_array(True):
        assert explain_refusal(net, 64, TypeError('so')) == (
            'the net does not take the arrays in force (so): make it by name, with finetune_net or '
            'scratch_net, and npx.set_np() as it is now')
