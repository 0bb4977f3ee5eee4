import json
import re
import shutil
import sys
import types

import numpy as np
import pytest

from gluon_finetune import (
    UsageError,
    finetune_net,
    read_image,
    scratch_net,
    source_labels,
    source_net,
)
from gluon_finetune.compat.gluon import devices_of
from gluon_finetune.compat.imports import MXNET_2, array, move, mx, structured_parameters
from gluon_finetune.data import augment
from gluon_finetune.models.output import output_layer, weights
from gluon_finetune.models.params_file import read_params
from gluon_finetune.models.source import load_weights

TINY = 'mobilenetv2_0.25'
UNKNOWN = '-1' if MXNET_2 else '0'   # a size not known before the first batch


def save(path, values, dtype='float32'):
    mx.nd.save(str(path), {name: mx.nd.array(value, dtype=dtype) for name, value in values.items()})
    return str(path)


def test_network_and_classes_come_from_the_file(tiny_source, numpy_mode):
    net = source_net(tiny_source)
    assert (net.network, net.classes, net.source_file) == (TINY, None, tiny_source)
    saved = read_params(tiny_source)
    assert saved['output.0.weight'].shape[0] == 7
    assert all((value == saved[name]).all() for name, value in weights(net).items())
    assert net(array(np.zeros((1, 3, 32, 32)))).shape == (1, 7)


@pytest.mark.mxnet1
def test_a_net_is_returned_itself():
    net = scratch_net('resnet18_v1b', 2)
    net.classes = ['a', 'b']
    assert source_net(net) is net and net.classes == ['a', 'b'] and net.output is net.fc


def test_the_network_can_be_given(tiny_source, tmp_path):
    path = shutil.copy(tiny_source, tmp_path / 'my.params')
    with pytest.raises(UsageError, match=re.escape(
            f'the name of {path} does not start with a network: rename it, for example to '
            f'resnet18_v2-mine.params, or give the network (network=, on the command line '
            f'--network)')):
        source_net(path)
    assert source_net(path, network=TINY).network == TINY


def test_weights_of_another_network(tiny_source, tmp_path):
    path = str(shutil.copy(tiny_source, tmp_path / 'mobilenetv2_0.5-tiny.params'))
    with pytest.raises(UsageError, match='^' + re.escape(
            f'{path} does not contain the weights of mobilenetv2_0.5: features.0.weight is '
            f'(8, 3, 3, 3) in the weights, (16, {UNKNOWN}, 3, 3) in the network; ')):
        source_net(path)


def test_a_name_and_another_network():
    with pytest.raises(UsageError, match='the source is alexnet, but the network is vgg11: give '
                                         'only one of them'):
        source_net('alexnet', network='vgg11')


@pytest.mark.parametrize('source', ['no/such/file', 'none.params', 'resnet18.pth'])
def test_a_missing_file(source):
    with pytest.raises(UsageError, match=f'no such weights file: {source}'):
        source_net(source)


@pytest.mark.mxnet1
@pytest.mark.parametrize('dtype', ['float32', 'float16'])
@pytest.mark.parametrize('prefix', ['arg:mobilenetv20_', 'mobilenetv27_', ''])
def test_long_names_of_a_module_or_a_symbol(tiny_source, tmp_path, prefix, dtype):
    net, plain = scratch_net(TINY, 7), read_params(tiny_source)
    aux = prefix.replace('arg:', 'aux:')
    values = {(aux if 'running' in name else prefix) + param.name[len(net.prefix):]: plain[name]
              for name, param in structured_parameters(net).items()}
    loaded = weights(source_net(save(tmp_path / f'{TINY}.params', values, dtype)))
    assert all(value.dtype == 'float32' and abs(value - plain[name]).max() < 1e-3
               for name, value in loaded.items())


def test_names_that_do_not_fit_are_said(tiny_source, tmp_path):
    values = {'arg:net_' + name: value for name, value in read_params(tiny_source).items()}
    del values['arg:net_features.1.gamma']
    path = save(tmp_path / f'{TINY}.params', values)
    with pytest.raises(UsageError) as error:
        source_net(path)
    assert str(error.value) == (
        f'{path} does not contain the weights of {TINY}: features.0.weight (8, {UNKNOWN}, 3, 3) is '
        f'not in the weights; features.1.gamma ({UNKNOWN},) is not in the weights; features.1.beta '
        f'({UNKNOWN},) is not in the weights; and {2 * len(values) - 2} more; names in the file: '
        f'net_features.0.weight, net_features.1.beta, net_features.1.running_mean and '
        f'{len(values) - 3} more')


@pytest.mark.mxnet1
@pytest.mark.parametrize('saved_as', [False, True], ids=['from legacy', 'from numpy'])
def test_weights_load_in_either_array_api(tmp_path, saved_as, numpy_mode):
    path = str(tmp_path / f'{TINY}.params')
    with mx.util.np_array(False), mx.util.np_shape(False):
        with mx.util.np_shape(saved_as), mx.util.np_array(saved_as):
            net = scratch_net(TINY, 2)
            net(array(np.zeros((1, 3, 32, 32))))
            net.save_parameters(path)
            before = weights(net)
    other = scratch_net(TINY, 2)
    other(array(np.zeros((1, 3, 32, 32))))
    load_weights(other, path)
    for net in (other, source_net(path)):
        assert all((value == before[name]).all() for name, value in weights(net).items())


def test_load_weights_preserves_devices_and_rates(tiny_source):
    net = finetune_net(tiny_source, 7)
    move(net, [mx.cpu(0), mx.cpu(1)])
    load_weights(net, tiny_source)
    weight = output_layer(net).weight
    assert devices_of(net) == [mx.cpu(0), mx.cpu(1)] and weight.lr_mult == 10
    with pytest.raises(UsageError, match=re.escape(
            f'{tiny_source} does not fit the net: output.0.weight is (7, 1280, 1, 1) in the '
            f'weights, (2, 1280, 1, 1) in the network')):
        load_weights(finetune_net(tiny_source, 2), tiny_source)


def test_torch_files_are_loaded_by_the_bridge(tmp_path, monkeypatch):
    asked = []

    def load_torch_source(path, network=None, *, features_only=False):
        asked.append((path, network, features_only))
        net = scratch_net('resnet18_v1', 5)
        return net, 'resnet18_v1'
    bridge = types.ModuleType('gluon_finetune.models.pytorch.bridge')
    bridge.load_torch_source = load_torch_source
    monkeypatch.setitem(sys.modules, bridge.__name__, bridge)
    path = str(tmp_path / 'resnet18-mine.pth')
    open(path, 'w').close()
    assert source_net(path).network == 'resnet18_v1'
    assert finetune_net(path, 3, network='resnet18').network == 'resnet18_v1'
    assert asked == [(path, None, False), (path, 'resnet18', True)]


def test_labels_beside_the_file(tiny_source, tmp_path):
    path = shutil.copy(tiny_source, tmp_path / f'{TINY}-x.params')
    labels = tmp_path / f'{TINY}-x.labels.json'
    with pytest.raises(UsageError, match=re.escape(
            f'the source has no names for its 7 classes: list them in {labels}')):
        source_labels(path)
    labels.write_text(json.dumps([{'wnid': f'n{i}', 'name': c} for i, c in enumerate('abcdefg')]))
    assert source_labels(path)[2] == ('n2', 'c')
    labels.write_text(json.dumps(list('abcdef')))
    with pytest.raises(UsageError, match=f'{labels} lists 6 classes, but the source has 7'):
        source_labels(path)
    labels.write_text(json.dumps(list('abcdefg')))
    assert source_labels(path)[6] == (None, 'g')
    labels.write_text('{"a": 1}')
    with pytest.raises(UsageError, match=re.escape(
            f'{labels} must be a list of class names, or of '
            f'{{"wnid": "n07697537", "name": "hotdog"}}')):
        source_labels(path)


@pytest.mark.mxnet1
def test_a_thousand_classes_are_those_of_imagenet():
    net = scratch_net('resnet18_v2', 1000)
    assert source_labels(net)[934] == ('n07697537', 'hotdog')
    assert source_labels(net)[713][1] == 'photocopier'


def test_folded_statistics_are_used_in_training(tiny_source, tmp_path):
    values = {name: np.zeros_like(value) if name.endswith('running_mean') else
              np.full_like(value, .99999) if name.endswith('running_var') else
              value + 0.1 if name.endswith('beta') else value
              for name, value in read_params(tiny_source).items()}
    net = finetune_net(save(tmp_path / f'{TINY}.params', values), 2)
    X = array(np.random.RandomState(0).randn(2, 3, 32, 32), dtype='float32')
    answer = net(X).asnumpy()
    other = finetune_net(tiny_source, 2)
    with mx.autograd.train_mode():
        assert (net(X).asnumpy() == answer).all()
        in_training = other(X).asnumpy()
    assert (other(X).asnumpy() != in_training).any()


@pytest.mark.mxnet1
@pytest.mark.realdata
def test_imagenet_names_hot_dogs_before_any_training(weights_root, hotdog_root, numpy_mode):
    net = source_net(weights_root / 'mobilenetv2_1.0-imagenet.params')
    files = sorted((hotdog_root / 'test' / 'hotdog').iterdir())[::10]
    augs = augment.test_augs()
    X = array(np.stack([augs(read_image(str(file))).asnumpy() for file in files]))
    winners = net(X).asnumpy().argmax(axis=1)
    labels = source_labels(net)
    assert [labels[row].name for row in winners].count('hotdog') >= 0.65 * len(files)
    assert 713 not in winners


@pytest.mark.realdata
def test_the_network_of_a_hundred_classes(weights_root):
    path = weights_root / 'resnet18_v2-imagenet100-64px.params'
    net = source_net(path)
    assert (net.network, net.output.weight.shape) == ('resnet18_v2', (100, 512))
    assert 'n07697537' in [label.wnid for label in source_labels(path)]
