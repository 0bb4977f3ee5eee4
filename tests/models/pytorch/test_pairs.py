import numpy as np
import pytest
from messages import message

from gluon_finetune.compat.imports import array
from gluon_finetune.models.finetune import scratch_net
from gluon_finetune.models.output import weights
from gluon_finetune.models.pytorch.bridge import torch_net
from gluon_finetune.models.pytorch.imports import torchvision
from gluon_finetune.models.pytorch.pairs import PAIRS, REFUSED, find_pair, network_of_torch_file


def test_every_refusal_has_its_reason():
    for network, reason in REFUSED.items():
        assert message(find_pair, network) == (
            f'the weights of {network} cannot be converted: {reason}')
    assert REFUSED['resnet50_v1'] == (
        "Gluon's resnet50_v1 halves the image in the first 1x1 convolution of a block and has "
        "biases there, PyTorch's resnet50 halves it in the 3x3 one and has none: its "
        'counterpart is resnet50_v1b')


@pytest.mark.parametrize('timm_name, gluon_name', [
    ('resnetv2_18', 'resnet18_v2'), ('resnetv2_34', 'resnet34_v2'), ('resnetv2_50', 'resnet50_v2')])
def test_timm_has_other_layers(torch, timm_name, gluon_name):
    """timm's network lacks the two BatchNorm layers that the reason names."""
    timm = pytest.importorskip('timm')
    names = timm.create_model(timm_name, num_classes=7).state_dict()
    own_names = torch_net(gluon_name).state_dict()
    norms, own_norms = (sum(name.endswith('running_mean') for name in state_dict)
                        for state_dict in (names, own_names))
    assert norms == own_norms - 2
    assert [name for name in names if name.startswith('stem')] == ['stem.conv.weight']


def test_mobilenet_has_another_first_block(torch):
    state_dict = torchvision().models.mobilenet_v2().state_dict()
    net = scratch_net('mobilenetv2_1.0', 1000)
    net(array(np.zeros((1, 3, 64, 64))))
    gluon_shapes = [value.shape for name, value in weights(net).items() if name.endswith('weight')]
    torch_shapes = [tuple(tensor.shape) for name, tensor in state_dict.items()
              if name.endswith('weight') and tensor.ndim > 1]
    assert gluon_shapes[1] == (32, 32, 1, 1)
    assert gluon_shapes[:1] + gluon_shapes[2:-1] == torch_shapes[:-1]
    assert 'classifier.1.bias' in state_dict
    assert not any(name.endswith('bias') for name in weights(net))


def test_strides_of_resnet50_v1():
    body = scratch_net('resnet50_v1', 7).features[5][0].body
    strides = [body[i]._kwargs['stride'] for i in (0, 3, 6)]
    assert strides == [(2, 2), (1, 1), (1, 1)]
    assert body[0].bias is not None


def test_unknown_network():
    names = ', '.join(PAIRS)
    assert message(find_pair, 'lenet') == (
        f"'lenet' has no known counterpart: expected one of {names}")
    assert message(find_pair, None) == (
        f'the net has no network name: pass network=, one of {names}')


@pytest.mark.parametrize('name, network', [
    ('resnet18-f37072fd.pth', 'resnet18'), ('resnet18_v2.pth', 'resnet18_v2'),
    ('resnet50.a1_in1k.safetensors', 'resnet50'), ('alexnet-owt-7be5be79.pth', 'alexnet'),
    ('squeezenet1_0-b66bff10.pth', 'squeezenet1_0'), ('vgg11_bn-6002323d.pth', 'vgg11_bn'),
    ('resnetv2_50x1_bit.pth', None), ('resnet18d.pth', None)])
def test_network_of_torch_file(name, network):
    assert network_of_torch_file('folder/' + name) == network
