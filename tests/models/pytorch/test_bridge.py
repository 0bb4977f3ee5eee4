import json
import os
import struct
import subprocess
import sys

import numpy as np
import pytest

from gluon_finetune.compat.imports import array, structured_parameters
from gluon_finetune.errors import UsageError
from gluon_finetune.models.finetune import finetune_net, scratch_net
from gluon_finetune.models.output import output_layer, set_weights, weights
from gluon_finetune.models.pytorch.bridge import (
    empty_net,
    from_torch,
    load_torch_source,
    to_torch,
    to_torch_arrays,
    torch_names,
    torch_net,
    torchvision,
)
from gluon_finetune.models.pytorch.files import load_torch_file
from gluon_finetune.models.pytorch.pairs import PAIRS, REFUSED, find_pair, network_of_torch_file
from gluon_finetune.models.source import source_net

# An image size on which all pairs agree, and others for pairs without a restriction.
SIZE, ODD_SIZES = 224, [(32, 32), (64, 64), (97, 130), (256, 256)]

# One network for each kind of block.
KINDS = ['resnet18_v1', 'resnet18_v1b', 'resnet18_v2', 'resnet50_v1b', 'resnet50_v2', 'vgg11_bn',
         'alexnet', 'squeezenet1.0', 'squeezenet1.1', 'densenet121']


@pytest.fixture(scope='module')
def torch():
    module = pytest.importorskip('torch', reason='compares with PyTorch, which is not installed')
    torchvision()
    return module


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


def message(call, *args, **kwargs):
    with pytest.raises(UsageError) as error:
        call(*args, **kwargs)
    return str(error.value)


# same weights, same outputs

@pytest.mark.parametrize('network', PAIRS)
def test_all_names_and_shapes_agree(torch, network):
    pair = PAIRS[network]
    with torch.device('meta'):  # allocates nothing
        state_dict = torch_net(network, 7).state_dict()
    net = empty_net(pair, 7)
    shapes = {counterpart: structured_parameters(net)[name].shape
              for name, counterpart in torch_names(net, pair).items() if counterpart}
    assert shapes == {name: tuple(tensor.shape) for name, tensor in state_dict.items()
                      if not name.endswith('num_batches_tracked')}


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


# networks without a counterpart

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
        'resnet18-mine.pth, or pass network=')


@pytest.mark.parametrize('name, network', [
    ('resnet18-f37072fd.pth', 'resnet18'), ('resnet18_v2.pth', 'resnet18_v2'),
    ('resnet50.a1_in1k.safetensors', 'resnet50'), ('alexnet-owt-7be5be79.pth', 'alexnet'),
    ('squeezenet1_0-b66bff10.pth', 'squeezenet1_0'), ('vgg11_bn-6002323d.pth', 'vgg11_bn'),
    ('resnetv2_50x1_bit.pth', None), ('resnet18d.pth', None)])
def test_network_of_torch_file(name, network):
    assert network_of_torch_file('folder/' + name) == network


def wrap(state_dict, prefix):
    return {prefix + name: tensor for name, tensor in state_dict.items()}


@pytest.mark.parametrize('wrapped', [
    lambda weights: {'epoch': 3, 'state_dict': weights, 'optimizer': {'state': {}}},
    lambda weights: {'model': weights},
    lambda weights: wrap(weights, 'module.'),
    lambda weights: {'model': wrap(weights, 'module._orig_mod.')},
    lambda weights: wrap(weights, '_orig_mod.module.')])
def test_wrappers_are_removed(torch, wrapped, tmp_path):
    plain = {'conv1.weight': torch.randn(2, 3), 'bn1.num_batches_tracked': torch.tensor(7)}
    torch.save(wrapped(plain), tmp_path / 'a.pth')
    found = load_torch_file(tmp_path / 'a.pth')
    assert list(found) == list(plain)
    assert all((found[name] == plain[name].numpy()).all() for name in plain)


@pytest.mark.parametrize('dtype', ['float16', 'bfloat16', 'float32', 'float64'])
def test_safetensors(torch, dtype, tmp_path):
    safetensors = pytest.importorskip('safetensors.torch')
    tensor = torch.randn(3, 4).to(getattr(torch, dtype))
    safetensors.save_file({'a': tensor}, tmp_path / 'a.safetensors', metadata={'format': 'pt'})
    found = load_torch_file(tmp_path / 'a.safetensors')['a']
    assert found.dtype == (np.float64 if dtype == 'float64' else np.float32)
    np.testing.assert_array_equal(found, tensor.double().numpy())


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


class RunsWhenRead:
    def __reduce__(self):
        return os.mkdir, ('executed',)


def test_no_code_in_a_file_is_run(torch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({'a': RunsWhenRead()}, 'a.pth')
    assert message(load_torch_file, 'a.pth') == (
        'a.pth contains more than tensors, such as a pickled model, and loading it could run code: '
        'save only the weights with torch.save(net.state_dict(), path), and use that file')
    assert not os.path.exists('executed')


def test_pickled_model(torch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(torch.nn.Linear(2, 2), 'a.pth')
    assert message(load_torch_file, 'a.pth').startswith('a.pth contains more than tensors, such ')


def test_no_state_dict(torch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save([torch.zeros(2)], 'a.pth')
    assert message(load_torch_file, 'a.pth') == (
        'a.pth contains no state dict (a dict of tensors): save only the weights with '
        'torch.save(net.state_dict(), path), and use that file')


@pytest.mark.parametrize('corrupt', [
    lambda content: content[:len(content) // 2],
    lambda content: content.replace(b'\x00\x00\x80?' * 9, b'\x00\x00\x80@' * 9),
    lambda content: b'<html>not found</html>',
    lambda content: b''])
def test_corrupt_file(torch, corrupt, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({'a': torch.ones(1000)}, 'a.pth')
    content = (tmp_path / 'a.pth').read_bytes()
    (tmp_path / 'a.pth').write_bytes(corrupt(content))
    assert message(load_torch_file, 'a.pth') == (
        'a.pth is corrupt or not a PyTorch file: download or save it again')


@pytest.mark.parametrize('content', [
    b'', b'<html>not found</html>', struct.pack('<Q', 10**15) + b'{"a',
    struct.pack('<Q', 2) + b'[]'])
def test_corrupt_safetensors(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'a.safetensors').write_bytes(content)
    assert message(load_torch_file, 'a.safetensors') == (
        'a.safetensors is corrupt or not a .safetensors file: download or save it again')


def test_missing_file():
    assert message(load_torch_file, 'nowhere.pth') == 'no such file: nowhere.pth'
