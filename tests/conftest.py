"""What every test can count on: fixed seeds, an empty cache, an engine that has finished."""
import os
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from urllib3 import Retry
from web_site import Site

from gluon_finetune.compat.imports import MXNET_2, array, mx
from gluon_finetune.files.http import RETRY

os.environ['MPLBACKEND'] = 'Agg'
SHARED = Path(__file__).resolve().parents[2] / 'shared'


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker('gpu') and not mx.context.num_gpus():
            item.add_marker(pytest.mark.skip(reason='MXNet sees no GPU here'))
        if item.get_closest_marker('mxnet1') and MXNET_2:
            item.add_marker(pytest.mark.skip(reason='needs what MXNet 2 lacks'))


@pytest.fixture(autouse=True)
def steady():
    """Seeds every random source; waits for the engine, so that its errors hit their own test."""
    random.seed(0)
    np.random.seed(0)
    mx.random.seed(0)
    style = mx.util.is_np_shape(), mx.util.is_np_array()
    yield
    mx.nd.waitall()
    assert (mx.util.is_np_shape(), mx.util.is_np_array()) == style, 'the array style was changed'


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """No test sees or fills the user's cache."""
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', str(tmp_path_factory.getbasetemp() / 'cache'))
    monkeypatch.delenv('GLUON_FINETUNE_DATA', raising=False)


@pytest.fixture
def site(monkeypatch):
    """A running `Site`; tries follow one another without waiting."""
    monkeypatch.setattr('gluon_finetune.files.http.RETRY',
                        Retry(total=3, status_forcelist=RETRY.status_forcelist))
    monkeypatch.setenv('no_proxy', '*')
    site = Site()
    yield site
    site.close()


@pytest.fixture(params=[True] if MXNET_2 else [False, True],
                ids=lambda style: 'numpy' if style else 'legacy')
def numpy_mode(request):
    """Runs the test with NumPy-style arrays (True) and on MXNet 1 with legacy arrays too."""
    style = mx.util.is_np_shape(), mx.util.is_np_array()
    mx.npx.set_np(shape=request.param, array=request.param)
    yield request.param
    mx.npx.set_np(*style)


@pytest.fixture(scope='session')
def shared():
    """Folder of real photographs and pretrained networks that may lie beside the project."""
    if not SHARED.is_dir():
        pytest.skip('no folder of photographs and networks at ../shared')
    return SHARED


@pytest.fixture(scope='session')
def hotdog_root(shared):
    """508 + 508 photographs to train on, 200 + 200 to test on."""
    return shared / 'data' / 'hotdog'


@pytest.fixture(scope='session')
def weights_root(shared):
    """Pretrained `mobilenetv2_1.0` (ImageNet) and `resnet18_v2` (100 classes, 64 pixels)."""
    return shared / 'weights'


@pytest.fixture(scope='session')
def chairs(tmp_path_factory):
    """train/ and test/ with three classes of 8 and 4 small JPEGs, each class in its colour."""
    root = tmp_path_factory.mktemp('images') / 'chairs'
    drawing = random.Random(0)
    for part, count in [('train', 8), ('test', 4)]:
        for name, colour in [('bench', 'red'), ('sofa', 'green'), ('stool', 'blue')]:
            folder = root / part / name
            folder.mkdir(parents=True)
            for i in range(count):
                draw_chair(drawing, colour).save(folder / f'{i}.jpg', quality=95)
    return root


@pytest.fixture
def chairs_copy(chairs, tmp_path):
    """A copy of `chairs` that a test may spoil."""
    return Path(shutil.copytree(chairs, tmp_path / 'chairs'))


@pytest.fixture(scope='session')
def chairs_val(chairs, tmp_path_factory):
    """A copy of `chairs` with val/ too: three images of each class."""
    root = Path(shutil.copytree(chairs, tmp_path_factory.mktemp('validated') / 'chairs'))
    drawing = random.Random(1)
    for name, colour in [('bench', 'red'), ('sofa', 'green'), ('stool', 'blue')]:
        (root / 'val' / name).mkdir(parents=True)
        for i in range(3):
            draw_chair(drawing, colour).save(root / 'val' / name / f'{i}.jpg', quality=95)
    return root


@pytest.fixture
def chairs_val_copy(chairs_val, tmp_path):
    """A copy of `chairs_val` that a test may spoil."""
    return Path(shutil.copytree(chairs_val, tmp_path / 'chairs-val'))


@pytest.fixture(scope='session')
def tiny_source(tmp_path_factory):
    """File with the weights of a small net of 7 classes, named as the zoo names its own."""
    from gluon_finetune.models.finetune import scratch_net
    net = scratch_net('mobilenetv2_0.25', 7)
    net(array(np.zeros((1, 3, 32, 32))))
    path = tmp_path_factory.mktemp('weights') / 'mobilenetv2_0.25-tiny.params'
    net.save_parameters(str(path))
    return str(path)


def draw_chair(drawing, colour):
    image = Image.new('RGB', (drawing.randint(40, 60), drawing.randint(40, 60)), 'white')
    left, top = drawing.randint(2, 14), drawing.randint(2, 14)
    ImageDraw.Draw(image).rectangle([left, top, left + 22, top + 22], fill=colour)
    return image
