import json
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from messages import message

from gluon_finetune.compat.imports import array
from gluon_finetune.models.finetune import finetune_net, scratch_net
from gluon_finetune.models.output import output_layer, set_weights, weights
from gluon_finetune.models.pytorch.bridge import (
    from_torch,
    load_torch_source,
    to_torch,
    to_torch_arrays,
    torch_net,
)
from gluon_finetune.models.pytorch.pairs import PAIRS
from gluon_finetune.models.source import source_net

# An image size on which all pairs agree, and others for pairs without a restriction.
SIZE, ODD_SIZES = 224, [(32, 32), (64, 64), (97, 130), (256, 256)]

# One network for each kind of block.
KINDS = ['resnet18_v1', 'resnet18_v1b', 'resnet18_v2', 'resnet50_v1b', 'resnet50_v2', 'vgg11_bn',
         'alexnet', 'squeezenet1.0', 'squeezenet1.1', 'densenet121']


def randomise(torch, net):
    """Gives `net` BatchNorm statistics, scales, shifts and biases other than the defaults."""
    torch.manual_seed(0)
    for name, tensor in net.state_dict().items():
        if name.endswith('running_var'):
            tensor.uniform_(0.5, 2)
        elif name.endswith(('running_mean', 'bias')):
            tensor.normal_(0, 0.1)
        elif name.endswith('weight') and tensor.ndim == 1:
            tensor.uniform_(0.5, 1.5)
    return net.eval()


def difference(torch, net, counterpart, size, dtype='float32'):
    """Largest difference of the outputs for the same images, relative to the largest output."""
    X = np.random.randn(2, 3, *size).astype(dtype)
    mxnet_output = net(array(X, dtype=dtype)).asnumpy()
    with torch.no_grad():
        torch_output = counterpart(torch.from_numpy(X)).numpy()
    return abs(mxnet_output - torch_output).max() / abs(torch_output).max()


# same weights, same outputs

@pytest.mark.parametrize('network', KINDS)
def test_round_trip(torch, network):
    counterpart = randomise(torch, torch_net(network, classes=7))
    net = from_torch(counterpart.state_dict(), network)
    assert difference(torch, net, counterpart, (SIZE, SIZE)) < 1e-5
    back = torch_net(network, classes=7)
    back.load_state_dict(to_torch(net, network), strict=True)
    for name, tensor in counterpart.state_dict().items():
        assert torch.equal(tensor, back.state_dict()[name]), name


@pytest.mark.parametrize('network', ['resnet18_v1', 'resnet18_v1b', 'resnet18_v2', 'resnet50_v2'])
def test_images_of_any_size(torch, network, numpy_mode):
    counterpart = randomise(torch, torch_net(network, classes=7))
    net = from_torch(counterpart.state_dict(), network)
    assert max(difference(torch, net, counterpart, size) for size in ODD_SIZES) < 1e-5


@pytest.mark.parametrize('network', ['resnet18_v1', 'resnet18_v2', 'squeezenet1.1', 'densenet121'])
def test_the_difference_is_only_rounding(torch, network):
    counterpart = randomise(torch, torch_net(network, classes=7))
    net = from_torch(counterpart.state_dict(), network)
    net.cast('float64')
    assert difference(torch, net, counterpart.double(), (SIZE, SIZE), 'float64') < 1e-13


@pytest.mark.parametrize('network', ['squeezenet1.0', 'squeezenet1.1', 'densenet121'])
def test_outputs_differ_beyond_the_sizes_of_the_table(torch, network):
    """Beyond the sizes of VGG and AlexNet, Gluon's networks fail by themselves."""
    counterpart = randomise(torch, torch_net(network, classes=7))
    net = from_torch(counterpart.state_dict(), network)
    first, last = PAIRS[network].sizes[0], PAIRS[network].sizes[-1]
    assert difference(torch, net, counterpart, (first, last)) < 1e-5
    assert difference(torch, net, counterpart, (last, last + 1)) > 1e-3


def test_a_wrong_weight_shows(torch):
    counterpart = randomise(torch, torch_net('resnet18_v1', classes=7))
    net = from_torch(counterpart.state_dict(), 'resnet18_v1')
    counterpart.layer3[1].bn2.running_var.mul_(1.01)
    assert difference(torch, net, counterpart, (64, 64)) > 1e-4


# the BatchNorm on the input of resnet*_v2

def test_gamma_of_the_input_counts_as_1(torch):
    net = scratch_net('resnet18_v2', 7)
    X = array(np.random.randn(2, 3, 64, 64))
    before = net(X).asnumpy()
    set_weights(net, {'features.0.gamma': np.array([2., 3., 4.])})
    net.hybridize()  # else MXNet writes 1 over it
    assert (net(X).asnumpy() == before).all()
    assert weights(net)['features.0.gamma'].tolist() == [2, 3, 4]
    counterpart = torch_net('resnet18_v2', 7).eval()
    counterpart.load_state_dict(to_torch(net))
    assert difference(torch, net, counterpart, (64, 64)) < 1e-5


def test_beta_of_the_input_cannot_be_converted():
    net = scratch_net('resnet18_v2', 7)
    net(array(np.zeros((1, 3, 64, 64))))
    set_weights(net, {'features.0.beta': np.array([0., 0., 1.])})
    assert message(to_torch_arrays, net) == (
        'features.0.beta of this resnet18_v2 is not 0: its PyTorch counterpart has no such '
        'parameter')


# nets that do not fit their counterpart

def test_net_without_weights():
    assert message(to_torch_arrays, scratch_net('alexnet', 7)) == (
        'the net has no weights yet: load them, or initialize the net and run a first batch')


def test_name_of_another_network(torch):
    net = from_torch(torch_net('squeezenet1.0').state_dict(), 'squeezenet1_0')
    assert message(to_torch, net, 'squeezenet1.1') == (
        'this net is not squeezenet1.1: features.0.weight is (96, 3, 7, 7) in the weights, '
        '(64, 3, 3, 3) in the network; features.0.bias is (96,) in the weights, (64,) in the '
        'network; features.3.0.0.weight is (16, 96, 1, 1) in the weights, (16, 64, 1, 1) in the '
        'network; and 31 more')


def test_weights_of_another_network(torch):
    state_dict = torch_net('resnet34_v1', 7).state_dict()
    assert message(from_torch, state_dict, 'resnet18') == (
        'these are not the weights of resnet18, the counterpart of resnet18_v1: '
        'layer1.2.conv1.weight (64, 64, 3, 3) is not in the network; '
        'layer1.2.bn1.weight (64,) is not in the network; '
        'layer1.2.bn1.bias (64,) is not in the network; and 77 more')


# another output layer

def with_other_head(torch):
    state_dict = torch_net('resnet18_v1').state_dict()
    for name in ('fc.weight', 'fc.bias'):
        del state_dict[name]
    state_dict.update({'fc.1.weight': torch.zeros(2, 512), 'fc.1.bias': torch.zeros(2)})
    return state_dict


HEADS = ('fc.weight (1000, 512) is not in the weights; fc.bias (1000,) is not in the weights; '
         'fc.1.weight (2, 512) is not in the network; and 1 more')


def test_features_load_for_fine_tuning(torch, tmp_path):
    state_dict, path = with_other_head(torch), str(tmp_path / 'resnet18-mine.pth')
    torch.save(state_dict, path)
    assert message(source_net, path) == (
        f'{path}: the output layer does not fit resnet18: {HEADS}; the features fit, so use '
        f'finetune_net')
    with pytest.warns(UserWarning) as warned:
        net = finetune_net(path, ['hotdog', 'not-hotdog'])
    assert f'the output layer does not fit, only the features are loaded: {HEADS}' in [
        str(warning.message) for warning in warned]
    first = weights(net)['features.0.weight']
    np.testing.assert_array_equal(first, state_dict['conv1.weight'].numpy())
    assert net(array(np.zeros((1, 3, 64, 64)))).shape == (1, 2)


# files

def test_source_net_takes_torch_files(torch, tmp_path):
    counterpart = randomise(torch, torch_net('resnet18_v1', 5))
    torch.save(counterpart.state_dict(), tmp_path / 'resnet18-f37072fd.pth')
    torch.save(counterpart.state_dict(), tmp_path / 'mine.pt')
    net = source_net(tmp_path / 'resnet18-f37072fd.pth')
    assert net.network == 'resnet18_v1' and output_layer(net).weight.shape == (5, 512)
    assert difference(torch, net, counterpart, (64, 64)) < 1e-5
    other = source_net(tmp_path / 'mine.pt', network='resnet18_v1b')
    assert other.network == 'resnet18_v1b'
    assert difference(torch, other, counterpart, (64, 64)) < 1e-5
    assert finetune_net(tmp_path / 'mine.pt', 2, network='resnet18').network == 'resnet18_v1'


def test_file_that_names_no_network(tmp_path):
    assert message(load_torch_source, 'model.pth') == (
        'the name of model.pth does not start with a network: rename it, for example to '
        'resnet18-mine.pth, or give the network (network=, on the command line --network)')


def write_safetensors(path, arrays):
    header, data = {}, b''
    for name, value in arrays.items():
        header[name] = {'dtype': 'F32', 'shape': value.shape,
                        'data_offsets': [len(data), len(data) + value.nbytes]}
        data += value.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack('<Q', len(text)) + text + data)


WITHOUT_TORCH = '''
import sys
class NoTorch:
    def find_spec(name, path, target=None):
        if name == 'torch':
            raise ImportError(name)
sys.meta_path.insert(0, NoTorch)
import gluon_finetune as gf
net = gf.source_net('resnet18_v2-mine.safetensors')
print(net.network, net.output.weight.shape)
try:
    gf.source_net('resnet18.pth')
except gf.UsageError as error:
    print(error)
'''


def test_safetensors_need_no_torch(tmp_path):
    net = scratch_net('resnet18_v2', 2)
    net(array(np.zeros((1, 3, 64, 64))))
    found = {name: value for name, value in to_torch_arrays(net).items() if value.ndim}
    write_safetensors(tmp_path / 'resnet18_v2-mine.safetensors', found)
    (tmp_path / 'resnet18.pth').write_bytes(b'')
    printed = subprocess.run([sys.executable, '-c', WITHOUT_TORCH], capture_output=True, text=True,
                             check=True, cwd=tmp_path,
                             env={**os.environ, 'PYTHONPATH': os.getcwd()}).stdout.splitlines()
    assert printed == ['resnet18_v2 (2, 512)',
                       'reading resnet18.pth needs torch, which is not installed: '
                       'pip install gluon_finetune[parity]']
