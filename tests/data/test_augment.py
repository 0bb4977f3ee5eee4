"""The chapter's augmentation, at any size, with both array APIs."""
import random

import numpy as np
import pytest

from gluon_finetune.compat.imports import array, mx
from gluon_finetune.config import IMAGENET_MEAN, IMAGENET_STD
from gluon_finetune.data import augment
from gluon_finetune.errors import UsageError


@pytest.fixture
def X(numpy_mode):
    return array(np.random.randint(0, 255, (60, 90, 3)).astype('uint8'))


@pytest.mark.parametrize('size', [32, 64, 224])
@pytest.mark.parametrize('augs', [augment.train_augs, augment.test_augs])
def test_an_image_becomes_a_tensor(X, augs, size):
    out = augs(size)(X)
    assert out.shape == (3, size, size) and out.dtype == np.float32
    assert type(out) is type(X)


def test_size_and_steps_of_the_chapter():
    assert augment.train_augs.__defaults__ == augment.test_augs.__defaults__ == (224,)


@pytest.mark.parametrize('size, side', [(224, 256), (64, 73), (32, 37), (299, 342)])
def test_test_images_are_resized_to_a_square_and_cropped_in_the_middle(X, size, side):
    square = mx.image.imresize(X, side, side).asnumpy().astype('float32') / 255
    start = (side - size) // 2
    expected = square[start:start + size, start:start + size] - np.float32(IMAGENET_MEAN)
    expected = (expected / np.float32(IMAGENET_STD)).transpose(2, 0, 1)
    assert np.abs(augment.test_augs(size)(X).asnumpy() - expected).max() < 1e-5


SHAPES = [(60, 90), (300, 225), (97, 500), (12, 300), (3, 3), (16, 16)]


@pytest.mark.mxnet1   # MXNet 2 samples crops with its own generator
@pytest.mark.parametrize('shape', SHAPES)
def test_training_crops_are_those_of_gluon_to_the_bit(shape, numpy_mode):
    transforms = mx.gluon.data.vision.transforms
    gluon = transforms.Compose([transforms.RandomResizedCrop(16), transforms.ToTensor(),
                                transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)])
    X = array(np.random.randint(0, 255, (*shape, 3)).astype('uint8'))
    augs = augment.train_augs(16)
    for seed in range(20):
        random.seed(seed)
        expected = gluon(X).asnumpy()
        random.seed(seed)
        flipped = augs.sample(*shape, random).flip
        random.seed(seed)
        assert (augs(X).asnumpy() == expected[:, :, ::-1 if flipped else 1]).all()


@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize('size', [16, 37, 64])
def test_test_images_are_those_of_gluon_to_the_bit(shape, size):
    transforms = mx.gluon.data.vision.transforms
    gluon = transforms.Compose([
        transforms.Resize(round(size * 256 / 224)), transforms.CenterCrop(size),
        transforms.ToTensor(), transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)])
    X = array(np.random.randint(0, 255, (*shape, 3)).astype('uint8'))
    assert (augment.test_augs(size)(X).asnumpy() == gluon(X).asnumpy()).all()


def test_other_arrays_are_refused():
    with pytest.raises(UsageError) as caught:
        augment.test_augs(16)(array(np.zeros((3, 8, 8), 'float32')))
    assert str(caught.value) == ('expected an image of shape (height, width, 3) and type uint8, '
                                 'not (3, 8, 8) and float32')


def test_training_crops_differ_and_flip(X):
    rising = np.arange(0, 240, 2, dtype='uint8')
    X = array(np.tile(rising[None, :, None], (40, 1, 3)))
    outs = [augment.train_augs(16)(X).asnumpy() for _ in range(40)]
    rising = [out[0, 8, 15] > out[0, 8, 0] for out in outs]
    assert 8 < sum(rising) < 32   # fair coin: fails once in 10,000 seeds
    assert len({out.tobytes() for out in outs}) > 30
