"""The chapter's augmentation, at any size, in both styles of array."""
import numpy as np
import pytest

from gluon_finetune.compat import array, mx
from gluon_finetune.config import IMAGENET_MEAN, IMAGENET_STD
from gluon_finetune.data import augment


@pytest.fixture
def X(numpy_mode):
    return array(np.random.randint(0, 255, (60, 90, 3)).astype('uint8'))


@pytest.mark.parametrize('size', [32, 64, 224])
@pytest.mark.parametrize('augs', [augment.train_augs, augment.test_augs])
def test_a_picture_becomes_a_tensor(X, augs, size):
    out = augs(size)(X)
    assert out.shape == (3, size, size) and out.dtype == np.float32
    assert type(out) is type(X)


def test_size_and_steps_of_the_chapter():
    assert augment.train_augs.__defaults__ == augment.test_augs.__defaults__ == (224,)


@pytest.mark.parametrize('size, side', [(224, 256), (64, 73), (32, 37), (299, 342)])
def test_test_pictures_are_resized_to_a_square_and_cropped_in_the_middle(X, size, side):
    square = mx.image.imresize(X, side, side).asnumpy().astype('float32') / 255
    start = (side - size) // 2
    expected = square[start:start + size, start:start + size] - np.float32(IMAGENET_MEAN)
    expected = (expected / np.float32(IMAGENET_STD)).transpose(2, 0, 1)
    assert np.abs(augment.test_augs(size)(X).asnumpy() - expected).max() < 1e-5


def test_training_crops_differ_and_flip(X):
    rising = np.arange(0, 240, 2, dtype='uint8')
    X = array(np.tile(rising[None, :, None], (40, 1, 3)))
    outs = [augment.train_augs(16)(X).asnumpy() for _ in range(40)]
    rising = [out[0, 8, 15] > out[0, 8, 0] for out in outs]
    assert 8 < sum(rising) < 32   # fair coin: fails once in 10,000 seeds
    assert len({out.tobytes() for out in outs}) > 30
