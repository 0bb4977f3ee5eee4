import pytest

from gluon_finetune import scratch_net
from gluon_finetune.compat import array, mx
from gluon_finetune.models.sizes import COMMON_SIZES, fitting_sizes


@pytest.mark.parametrize('name, sizes', [
    ('resnet18_v2', list(COMMON_SIZES)), ('densenet121', [224, 256, 299, 331]),
    ('inceptionv3', [299, 331]), ('residualattentionnet56', [224])])
def test_sizes_that_go_through(name, sizes, numpy_mode):
    assert fitting_sizes(scratch_net(name, 2)) == sizes


def test_dense_layers_bind_a_net_to_the_size_of_its_first_batch(numpy_mode):
    net = scratch_net('alexnet', 2)
    assert fitting_sizes(net) == [64, 96, 128, 160, 192, 224, 256, 299, 331]
    net(array(mx.nd.zeros((1, 3, 96, 96))))
    assert fitting_sizes(net) == [96]
