import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from bare import link_packages, run_bare
from PIL import Image

from gluon_finetune.config import IMAGENET_STD, Config
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.image import read_pixels
from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.export.pytorch import export_torch
from gluon_finetune.results.predict import Predictor
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.train import start_run, train_run

# Imports torchvision with the package's workaround: not every build fits that of torch.
RUN_SCRIPT = '''
import runpy, sys
from gluon_finetune.models.pytorch.imports import torchvision
torchvision()
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition('/')[0])
runpy.run_path(sys.argv[0], run_name='__main__')
'''
# Without this package: the tensors that load_model.py makes of images.
LOAD_IMAGES = '''
import sys
sys.modules['gluon_finetune'] = None
sys.path.insert(0, sys.argv[1])
import numpy as np
from load_model import load_image
np.save(sys.argv[2], np.concatenate([load_image(path).numpy() for path in sys.argv[3:]]))
'''
TOLERANCE = 0.003   # of a probability: PyTorch resizes the images itself


@pytest.fixture(scope='module', params=['resnet18_v1', 'resnet18_v2'])
def run(request, chairs, tmp_path_factory):
    """A run directory with one epoch of training from scratch, exported into `torch`."""
    pytest.importorskip('torch')
    folder = tmp_path_factory.mktemp(request.param)
    data = shutil.copytree(chairs, folder / 'chairs')
    for part in ('train', 'test'):
        (data / part / 'stool').rename(data / part / '\U0001fa91 "stool"')
    config = Config(network=request.param, scratch=True, image_size=64, batch_size=8, num_epochs=1,
                    background='black')
    folders = ImageFolders(str(data), background='black')
    net, run = start_run(str(folder / 'run'), config, folders)
    list(train_run(net, run, folders, progress=False))
    assert export_torch(run.path) == os.path.join(run.path, 'torch')
    return run.path


@pytest.fixture(scope='module')
def paths(chairs):
    return [path for path, _ in ImageFolders(str(chairs)).test.items]


@pytest.fixture
def copy(run, tmp_path):
    """A copy of the exported folder that a test may change."""
    return shutil.copytree(os.path.join(run, 'torch'), tmp_path / 'torch')


def classify(folder, paths):
    """Run the exported load_model.py; return [path, class, probability] of each image."""
    command = [sys.executable, '-c', RUN_SCRIPT, os.path.join(folder, 'load_model.py'), *paths]
    printed = subprocess.run(command, capture_output=True, encoding='utf-8', check=True, env={
        **os.environ, 'PYTHONPATH': os.getcwd(), 'PYTHONIOENCODING': 'utf-8'})
    return [line.split('\t') for line in printed.stdout.splitlines()]


def largest_difference(run, folder, paths):
    """Compare each exported prediction with the Predictor's probability of the same class.

    Also with that of its most probable class, which is another one only where two are almost tied.
    """
    predictor, differences = Predictor.load(run), []
    rows = classify(folder, paths)
    assert [row[0] for row in rows] == paths
    for ranking, (_, name, probability) in zip(predictor(paths), rows):
        expected = np.array([dict(ranking)[name], ranking[0][1]])
        differences.append(abs(expected - float(probability)).max())
    return max(differences)


def test_the_exported_script_predicts_the_same(run, paths):
    assert largest_difference(run, os.path.join(run, 'torch'), paths) < TOLERANCE


def test_the_exported_script_needs_torch_alone(run, paths, tmp_path):
    if RunDirectory.open(run).config.network != 'resnet18_v2':
        pytest.skip('the networks of torchvision need torchvision, too')
    packages = link_packages(tmp_path, ['torch', 'numpy', 'pillow'])
    rows = run_bare(packages, os.path.join(run, 'torch', 'load_model.py'), *paths,
                    hidden=['gluon_finetune', 'mxnet', 'torchvision'])
    assert [row.split('\t')[:2] for row in rows] == [
        row[:2] for row in classify(os.path.join(run, 'torch'), paths)]


def test_weights_that_differ_are_not_kept(run, tmp_path, monkeypatch):
    from gluon_finetune.models.pytorch import bridge
    convert = bridge.to_torch
    monkeypatch.setattr(bridge, 'to_torch', lambda net: {
        name: value * (1.1 if name == 'fc.weight' else 1) for name, value in convert(net).items()})
    with pytest.raises(WorkError, match='^torch: .*: more than the tolerance of 0.0001, nothing '):
        export_torch(run, tmp_path / 'new')
    assert os.listdir(tmp_path) == []


def test_a_wrong_weight_is_noticed(run, copy, paths):
    torch = pytest.importorskip('torch')
    weights = torch.load(copy / 'model.pth', weights_only=True)
    weights['fc.weight'][0] *= 1.2
    torch.save(weights, copy / 'model.pth')
    assert largest_difference(run, copy, paths) > TOLERANCE


def test_a_wrong_normalisation_is_noticed(run, copy, paths):
    script = copy / 'load_model.py'
    source = script.read_text('utf-8')
    script.write_text(source.replace('MEAN = (0.485,', 'MEAN = (0.585,'), 'utf-8')
    assert script.read_text('utf-8') != source
    assert largest_difference(run, copy, paths) > TOLERANCE


def images_of_all_modes(folder):
    """Save an image in every mode that files have; return the paths."""
    noise = np.random.RandomState(0).randint(0, 256, (9, 12, 4)).astype('uint8')
    rgba = Image.fromarray(noise).resize((120, 90), Image.BICUBIC)
    rgb, grey, turned = rgba.convert('RGB'), rgba.convert('L'), Image.Exif()
    deep, turned[0x0112] = np.asarray(grey).astype('uint16') * 257, 6
    images = {
        'rgb.jpg': (rgb, {}), 'turned.jpg': (rgb, {'exif': turned.tobytes()}),
        'cmyk.jpg': (rgb.convert('CMYK'), {}), 'grey.jpg': (grey, {}),
        'large.jpg': (rgb.resize((1200, 900)), {}), 'cmyk.tif': (rgb.convert('CMYK'), {}),
        'alpha.png': (rgba, {}), 'turned.png': (rgba, {'exif': turned.tobytes()}),
        'alpha.webp': (rgba, {'lossless': True}), 'grey-alpha.png': (rgba.convert('LA'), {}),
        'palette.png': (rgb.quantize(9), {}), 'hole.png': (rgb.quantize(9), {'transparency': 1}),
        'hole.gif': (rgb.quantize(9), {'transparency': 1}), 'bits.png': (grey.convert('1'), {}),
        'shades.png': (rgb.quantize(9), {'transparency': bytes(range(0, 250, 25))}),
        'deep.png': (Image.fromarray(deep), {}), 'deep.tif': (Image.fromarray(deep), {}),
        'deep-hole.png': (Image.fromarray(deep), {'transparency': int(deep[0, 0])}),
        'white-is-0.tif': (Image.fromarray(deep), {'tiffinfo': {262: 0}}),
        'float.tif': (Image.fromarray(deep / np.float32(65535)), {}),
        'integers.tif': (Image.fromarray(deep.astype('int32') * 9), {})}
    for name, (image, options) in images.items():
        image.save(folder / name, **options)
    return [str(folder / name) for name in images]


@pytest.mark.parametrize('run', ['resnet18_v2'], indirect=True)   # torchvision may not import
def test_images_of_all_modes_are_read_as_in_the_test(run, tmp_path):
    paths, predictor = images_of_all_modes(tmp_path), Predictor.load(run)
    environment = {name: text for name, text in os.environ.items() if name != 'PYTHONPATH'}
    subprocess.run([sys.executable, '-c', LOAD_IMAGES, os.path.join(run, 'torch'), 'X.npy', *paths],
                   check=True, cwd=tmp_path, env=environment)
    steps = np.array(IMAGENET_STD)[:, None, None] * 255   # of the 8-bit pixels
    expected = np.empty((3, 64, 64), 'float32')
    for path, found in zip(paths, np.load(tmp_path / 'X.npy')):
        predictor.augs.apply(read_pixels(path, 'black'), None, expected)
        assert (np.abs(found - expected) * steps).max() < 1.01, path


def untrained(folder, network, image_size):
    """A run directory without a completed epoch."""
    config = Config(network=network, image_size=image_size)
    return RunDirectory.create(str(folder / 'run'), config, ['bench', 'sofa']).path


def test_never_overwrites(tmp_path):
    pytest.importorskip('torch')
    out = tmp_path / 'mine'
    out.mkdir()
    with pytest.raises(UsageError) as error:
        export_torch(untrained(tmp_path, 'resnet18_v1', 64), out)
    assert str(error.value) == f'{out} already exists: name a new folder with --out'
    assert not os.listdir(out)


@pytest.mark.parametrize('network, image_size, message', [
    ('mobilenetv2_1.0', 64, "the weights of mobilenetv2_1.0 cannot be converted: Gluon's "
     "mobilenetv2 has a convolution and a BatchNorm in its first block that PyTorch's mobilenet_v2 "
     'lacks, and no bias in its output layer'),
    ('squeezenet1.1', 240, 'squeezenet1.1 has no equivalent in PyTorch at image size 240: their '
     'last pooling layers agree from 209 to 224 pixels only; train with --image-size 224')])
def test_networks_without_an_equivalent(network, image_size, message, tmp_path):
    pytest.importorskip('torch')
    run = untrained(tmp_path, network, image_size)
    with pytest.raises(UsageError) as error:
        export_torch(run)
    assert str(error.value) == message
    assert not os.path.exists(os.path.join(run, 'torch'))
