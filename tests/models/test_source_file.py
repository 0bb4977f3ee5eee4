"""What is said of files that have no weights of Gluon, and what a run says about its weights."""
import json
import shutil
import zipfile

import pytest

from gluon_finetune import UsageError, finetune_net, source_labels, source_net

TINY = 'mobilenetv2_0.25'
KERAS = ('{} is a Keras file, not one of Gluon or PyTorch: build the same network in PyTorch, copy '
         'the arrays into it (kernels of convolutions transposed by (3, 2, 0, 1), of dense layers '
         'by (1, 0)), and give the file that torch.save(net.state_dict(), "resnet18-mine.pth") '
         'writes')


def message(path):
    with pytest.raises(UsageError) as error:
        finetune_net(str(path))
    return str(error.value)


@pytest.fixture
def run(tmp_path, tiny_source):
    """What a run directory says about its network."""
    config = {'network': TINY, 'image_size': 48, 'background': 'black'}
    (tmp_path / 'config.json').write_text(json.dumps(config))
    (tmp_path / 'labels.json').write_text(json.dumps(list('abcdefg')))
    shutil.copy(tiny_source, tmp_path / 'best.params')
    return tmp_path


def test_the_weights_of_a_run_are_a_source(run):
    path = str(run / 'best.params')
    source, net = source_net(path), finetune_net(path, ['x', 'y'])
    assert (source.network, source.classes, source.image_size) == (TINY, list('abcdefg'), 48)
    assert (net.network, net.classes, net.image_size) == (TINY, ['x', 'y'], 48)
    assert source.background == net.background == 'black'
    assert source_labels(path)[1] == (None, 'b')


@pytest.mark.parametrize('config', ['{"network": "my_own"}', '{"network": ["vgg11"]}', '{', '[]'])
def test_another_config_json_says_nothing(run, config):
    (run / 'config.json').write_text(config)
    path = run / 'best.params'
    assert message(path) == (
        f'the name of {path} does not start with a network: rename it, for example to '
        f'resnet18_v2-mine.params, or give the network (network=, on the command line --network)')
    assert finetune_net(str(path), network=TINY).network == TINY


def test_a_symbol_is_pointed_to_its_weights(tmp_path):
    path = tmp_path / f'{TINY}-[1]-symbol.json'
    path.write_text('{}')
    base = tmp_path / f'{TINY}-[1]'
    assert message(path) == (
        f'{path} describes a network without its weights: give the .params file that was written '
        f'with it, such as {base}-0000.params')
    for epoch in ('0000', '0012'):
        (tmp_path / f'{TINY}-[1]-{epoch}.params').touch()
    assert message(path) == (f'{path} describes a network without its weights: give '
                             f'{base}-0012.params, which has them')


@pytest.mark.parametrize('name', ['resnet50_v1-mine.h5', 'model.keras', 'weights'])
def test_keras(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'PK\x03\x04' if name == 'model.keras' else b'\x89HDF\r\n\x1a\n\0\0')
    assert message(path) == KERAS.format(path)


@pytest.mark.parametrize('name, framework', [('resnet50_v1.onnx', 'ONNX'), ('x.pb', 'TensorFlow')])
def test_other_frameworks(tmp_path, name, framework):
    path = tmp_path / name
    path.write_bytes(b'\x08\x07')
    assert message(path) == (f'{path} is a {framework} file: a source is a .params file of Gluon, '
                             f'or a .pth, .pt or .safetensors file of PyTorch')


def test_pytorch_under_another_name(tmp_path):
    path = tmp_path / 'last.ckpt'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('last/data.pkl', b'')
    assert message(path) == (f'{path} is a PyTorch file: rename it so that its name ends in .pth')


@pytest.mark.parametrize('name', ['none.h5', 'none-symbol.json', 'none.onnx'])
def test_missing_files(name):
    assert message(name) == f'no such weights file: {name}'
