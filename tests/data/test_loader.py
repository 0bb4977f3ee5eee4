"""Every picture once an epoch, in batches; the same ones for the same seeds; workers that end."""
import random
import subprocess
import sys

import numpy as np
import pytest

from gluon_finetune.compat import mx
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.loader import load_data
from gluon_finetune.errors import UsageError


def epoch(data_iter):
    batches = [(X.asnumpy(), y.asnumpy()) for X, y in data_iter]
    return [np.concatenate(part) for part in zip(*batches)]


def seeded_epochs(chairs, seed):
    random.seed(seed)
    np.random.seed(seed)
    mx.random.seed(seed)
    train_iter, _ = load_data(ImageFolders(chairs), 7, 32)
    return [epoch(train_iter) for _ in range(2)]


def test_no_picture_is_dropped_and_the_last_batch_is_smaller(chairs, numpy_mode):
    train_iter, test_iter = load_data(ImageFolders(chairs), 7, 32)
    sizes = [(X.shape, y.shape) for X, y in train_iter]
    assert sizes == [((7, 3, 32, 32), (7,))] * 3 + [((3, 3, 32, 32), (3,))]
    X, y = next(iter(test_iter))
    assert isinstance(X, mx.np.ndarray if numpy_mode else mx.nd.NDArray) and X.dtype == np.float32
    assert epoch(test_iter)[1].tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert np.bincount(epoch(train_iter)[1]).tolist() == [8, 8, 8]


def test_a_batch_may_be_larger_than_the_data(chairs):
    assert [len(y) for _, y in load_data(ImageFolders(chairs), 1000, 32)[0]] == [24]


def test_the_same_seeds_give_the_same_pictures(chairs, numpy_mode):
    first, again, other = (seeded_epochs(chairs, seed) for seed in (3, 3, 4))
    for (X, y), (X_again, y_again) in zip(first, again):
        assert np.array_equal(X, X_again) and np.array_equal(y, y_again)
    assert not np.array_equal(first[0][0], first[1][0]), 'both epochs have the same crops'
    assert not np.array_equal(first[0][0], other[0][0])


def test_workers_give_the_same_test_pictures_in_the_same_order(chairs, numpy_mode):
    alone, helped = (epoch(load_data(ImageFolders(chairs), 5, 32, num_workers=num_workers)[1])
                     for num_workers in (0, 2))
    assert np.array_equal(alone[0], helped[0]) and np.array_equal(alone[1], helped[1])


def test_workers_shuffle_alike_and_crop_on_their_own(chairs):
    labels = []
    for _ in range(2):
        np.random.seed(0)
        X, y = epoch(load_data(ImageFolders(chairs), 5, 32, num_workers=2)[0])
        labels.append(y.tolist())
        assert len({x.tobytes() for x in X}) == 24
    assert labels[0] == labels[1]


def test_a_bad_picture_in_a_worker_is_the_same_error(chairs_copy):
    (chairs_copy / 'test' / 'sofa' / '9.jpg').touch()
    test_iter = load_data(ImageFolders(chairs_copy), 5, 32, num_workers=1)[1]
    with pytest.raises(UsageError, match='the file is empty'):
        epoch(test_iter)


def test_an_epoch_that_is_left_half_way_ends_the_process(chairs):
    program = ('import sys\n'
               'from gluon_finetune import ImageFolders, load_data\n'
               'folders = ImageFolders(sys.argv[1])\n'
               'train_iter, test_iter = load_data(folders, 4, 32, num_workers=2)\n'
               'batches = iter(train_iter)\n'
               'print(next(batches)[0].shape)\n')
    ended = subprocess.run([sys.executable, '-c', program, str(chairs)], timeout=100,
                           stdout=subprocess.PIPE, check=True)
    assert ended.stdout.strip() == b'(4, 3, 32, 32)'


@pytest.mark.parametrize('options, message', [
    ({'batch_size': 0}, 'batch_size is 0: it must be a whole number from 1 up'),
    ({'batch_size': 2.5}, 'batch_size is 2.5: it must be a whole number from 1 up'),
    ({'batch_size': 2, 'num_workers': -1},
     'num_workers is -1: it must be a whole number from 0 up'),
    ({'batch_size': 2, 'image_size': 0}, 'image_size is 0: it must be a whole number from 1 up')])
def test_numbers_that_cannot_be(chairs, options, message):
    with pytest.raises(UsageError) as caught:
        load_data(ImageFolders(chairs), **options)
    assert str(caught.value) == message
