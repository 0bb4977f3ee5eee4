"""An image has one answer: as a file, as its pixels, from the loader and from Gluon's dataset."""
import itertools
import random
import shutil

import numpy as np
import pytest
from PIL import Image

import gluon_finetune as gf
from gluon_finetune.synthetic.dataset import HOTDOG_CLASSES, draw_image
from gluon_finetune.training.evaluate import predict_probabilities

SIZES = [(1411, 941), (1536, 2048)]   # width, height; decoders can shrink such JPEGs as they read
NAMES = sorted(HOTDOG_CLASSES)


def save_jpeg(image, path, mode='RGB', orientation=1):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.convert(mode).save(path, quality=90, exif=exif.tobytes())


def with_noise(image, size):
    """An image of `size` with the noise of a sensor, which decoding at a reduced size averages."""
    pixels = np.asarray(image.convert('RGB').resize(size, Image.BICUBIC), 'float32')
    pixels = pixels + np.random.RandomState(0).randn(*pixels.shape[:2], 1) * 12
    return Image.fromarray(pixels.clip(0, 255).astype('uint8'))


def large_images(root, images):
    """Write JPEGs of both sizes: in colour, turned by EXIF, CMYK, and grey."""
    kinds = [{}, {'orientation': 6}, {'mode': 'CMYK'}, {'mode': 'L'}]
    for name, image in zip(NAMES, images):
        (root / 'test' / name).mkdir(parents=True)
        for (i, size), (j, kind) in itertools.product(enumerate(SIZES), enumerate(kinds)):
            if (i + j) % 2 == NAMES.index(name):
                save_jpeg(with_noise(image, size), root / 'test' / name / f'{i}{j}.jpg', **kind)
    shutil.copytree(root / 'test', root / 'train')
    return gf.ImageFolders(root)


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    images = [draw_image(HOTDOG_CLASSES[name][0], 96, 0) for name in NAMES]
    return large_images(tmp_path_factory.mktemp('drawn'), images)


@pytest.fixture(scope='module')
def photographs(tmp_path_factory, hotdog_root):
    images = [Image.open(sorted((hotdog_root / 'test' / name).iterdir())[0])
              for name in ('hotdog', 'not-hotdog')]
    return large_images(tmp_path_factory.mktemp('photographs'), images)


@pytest.mark.parametrize('kind', [
    'drawn', pytest.param('photographs', marks=pytest.mark.realdata)])
def test_a_file_its_pixels_and_the_loader_have_one_answer(request, kind):
    folders = request.getfixturevalue(kind)
    net = gf.scratch_net('mobilenetv2_0.25', folders.classes, seed=0)
    predictor, paths = gf.Predictor(net, image_size=64), [path for path, _ in folders.test.items]
    files = predictor.probabilities(paths)
    assert np.array_equal(files, predictor.probabilities([*map(gf.read_image, paths)]))
    (X, _), = gf.load_data(folders, len(paths), 64)[1]
    assert np.array_equal(files, predict_probabilities(predictor.computing, X))
    gluon = folders.test.transform_first(gf.test_augs(64))
    assert all(np.array_equal(gluon[i][0].asnumpy(), X[i].asnumpy()) for i in range(len(paths)))


def test_a_training_crop_is_one_of_the_images_pixels(drawn):
    train_iter, _ = gf.load_data(drawn, 8, 64, cache='ram')
    key, (batch,) = train_iter.sample_epoch()
    (indices, X, _), = train_iter.read([batch], key)
    for index, found in zip(indices, X.asnumpy()):
        expected = np.empty_like(found)
        pixels = gf.read_image(train_iter.items[index][0])
        train_iter.augs.apply(pixels, random.Random(key + index), expected)
        assert np.array_equal(found, expected)
