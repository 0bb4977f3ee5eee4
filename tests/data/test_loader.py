"""Batches with every image once per epoch, reproducible from a seed; reads time out."""
import os
import random
import subprocess
import sys

import numpy as np
import pytest

from gluon_finetune.compat.imports import mx
from gluon_finetune.data import loader
from gluon_finetune.data.augment import test_augs as center_crop
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.loader import ImageLoader, cut_epoch, load_data
from gluon_finetune.errors import UsageError


def epoch(data_iter):
    batches = [(X.asnumpy(), y.asnumpy()) for X, y in data_iter]
    return [np.concatenate(part) for part in zip(*batches)]


def seeded_epochs(chairs, seed, **options):
    random.seed(seed)
    train_iter, _ = load_data(ImageFolders(chairs), 7, 32, **options)
    return [epoch(train_iter) for _ in range(2)]


def test_no_image_is_dropped_and_batches_are_of_equal_size(chairs, numpy_mode):
    train_iter, test_iter = load_data(ImageFolders(chairs), 7, 32)
    sizes = [(X.shape, y.shape) for X, y in train_iter]
    assert sizes == [((6, 3, 32, 32), (6,))] * 4
    X, y = next(iter(test_iter))
    assert isinstance(X, mx.np.ndarray if numpy_mode else mx.nd.NDArray) and X.dtype == np.float32
    assert epoch(test_iter)[1].tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert np.bincount(epoch(train_iter)[1]).tolist() == [8, 8, 8]


@pytest.mark.parametrize('count, batch_size, sizes', [
    (33, 16, [11, 11, 11]), (129, 128, [64, 65]), (35, 16, [11, 12, 12]), (32, 16, [16, 16]),
    (5, 4, [2, 3]), (1, 16, [1]), (3, 1, [1, 1, 1]), (0, 16, [])])
def test_an_epoch_is_cut_into_batches_that_differ_by_one_at_most(count, batch_size, sizes):
    batches = cut_epoch(range(count), batch_size)
    assert [len(batch) for batch in batches] == sizes
    assert [index for batch in batches for index in batch] == list(range(count))


def test_no_cut_has_larger_or_more_batches_than_the_chapters():
    for count in range(1, 80):
        for batch_size in range(1, 40):
            sizes = [len(batch) for batch in cut_epoch(range(count), batch_size)]
            assert sum(sizes) == count and max(sizes) - min(sizes) <= 1
            assert max(sizes) <= batch_size
            assert len(sizes) == len(cut_epoch(range(count), batch_size, even=False))


def test_the_chapters_batches_are_the_same_images_cut_otherwise(chairs):
    folders = ImageFolders(chairs)
    random.seed(3)
    even = list(load_data(folders, 7, 32)[0])
    random.seed(3)
    full = list(load_data(folders, 7, 32, chapter_batches=True)[0])
    assert [len(y) for _, y in full] == [7, 7, 7, 3]
    for part in (0, 1):
        assert np.array_equal(*(np.concatenate([batch[part].asnumpy() for batch in batches])
                                for batches in (even, full)))


def test_test_images_come_in_full_batches(chairs):
    assert [len(y) for _, y in load_data(ImageFolders(chairs), 5, 32)[1]] == [5, 5, 2]


def test_a_batch_may_be_larger_than_the_data(chairs):
    assert [len(y) for _, y in load_data(ImageFolders(chairs), 1000, 32)[0]] == [24]


def test_the_same_seeds_give_the_same_images(chairs, numpy_mode):
    first, again, other = (seeded_epochs(chairs, seed) for seed in (3, 3, 4))
    for (X, y), (X_again, y_again) in zip(first, again):
        assert np.array_equal(X, X_again) and np.array_equal(y, y_again)
    assert not np.array_equal(first[0][0], first[1][0]), 'both epochs have the same crops'
    assert not np.array_equal(first[0][0], other[0][0])


@pytest.mark.parametrize('options', [
    {'num_workers': 0}, {'num_workers': 3}, {'cache': 'ram'}, {'cache': 'disk'},
    {'cache': 'ram', 'cache_limit': 20_000}])
def test_neither_threads_nor_caches_change_a_batch(chairs, options):
    plain, other = (seeded_epochs(chairs, 3, **kind) for kind in ({}, options))
    for (X, y), (X_other, y_other) in zip(plain, other):
        assert np.array_equal(X, X_other) and np.array_equal(y, y_other)


@pytest.mark.parametrize('chapter_batches', [False, True])
def test_an_epoch_can_be_resumed_at_any_batch(chairs, chapter_batches):
    train_iter, _ = load_data(ImageFolders(chairs), 7, 32, chapter_batches=chapter_batches)
    for start in range(5):
        random.seed(3)
        complete = [X.asnumpy() for X, _ in train_iter]
        random.seed(3)
        remaining = [X.asnumpy() for X, _ in train_iter.batches(start)]
        assert len(remaining) == 4 - start
        assert all(np.array_equal(X, other) for X, other in zip(remaining, complete[start:]))


def test_an_unreadable_image_ends_the_epoch(chairs_copy):
    (chairs_copy / 'test' / 'sofa' / '9.jpg').touch()
    test_iter = load_data(ImageFolders(chairs_copy), 5, 32)[1]
    with pytest.raises(UsageError) as caught:
        epoch(test_iter)
    assert str(caught.value) == (f'cannot use the image '
                                 f'{chairs_copy / "test" / "sofa" / "9.jpg"}: the file is empty')


def test_an_unreadable_image_is_skipped_if_asked_for(chairs_copy):
    folders = ImageFolders(chairs_copy)
    gone = chairs_copy / 'test' / 'sofa' / '2.jpg'
    gone.unlink()
    test_iter = load_data(folders, 5, 32, on_bad='skip')[1]
    assert [len(y) for _, y in test_iter] == [5, 4, 2]
    assert epoch(test_iter)[1].tolist() == [0] * 4 + [1] * 3 + [2] * 4
    assert test_iter.skipped == [(str(gone), 'cannot be read: No such file or directory')] * 2


def test_a_batch_of_unreadable_images_is_skipped(chairs_copy):
    folders = ImageFolders(chairs_copy)
    for path in (chairs_copy / 'test' / 'sofa').iterdir():
        path.unlink()
    test_iter = load_data(folders, 4, 32, on_bad='skip')[1]
    assert [y.asnumpy().tolist() for _, y in test_iter] == [[0] * 4, [2] * 4]


def test_a_read_that_hangs_blocks_nothing(chairs_copy, monkeypatch):
    folders = ImageFolders(chairs_copy)
    path, pipe = folders.test.items[1][0], chairs_copy / 'pipe'
    os.mkfifo(pipe)   # reading it waits until somebody writes, as with a server that is gone
    read = loader.read_pixels
    monkeypatch.setattr(loader, 'read_pixels', lambda p, background: (
        open(pipe) if p == path else read(p, background)))
    monkeypatch.setattr(loader, 'READ_TIMEOUT_S', 0.2)
    test_iter = load_data(folders, 5, 32, on_bad='skip')[1]
    assert sum(len(y) for _, y in test_iter) == 11
    assert test_iter.skipped == [(path, 'reading it timed out after 0.2 seconds')]


def test_class_indices_stay_int32(chairs, numpy_mode):
    y = next(iter(load_data(ImageFolders(chairs), 24, 32)[1]))[1]
    assert y.dtype == np.int32 and y.shape == (12,)


def test_soft_labels_become_a_float32_matrix(chairs, numpy_mode):
    images = ImageFolders(chairs).test
    soft = images.subset((path, np.eye(3)[label] * 0.9 + 0.1 / 3) for path, label in images.items)
    X, y = next(iter(ImageLoader(soft, center_crop(32), 5)))
    assert type(y) is type(X) and y.dtype == np.float32 and y.shape == (5, 3)
    assert np.allclose(y.asnumpy()[4], [0.1 / 3, 0.9 + 0.1 / 3, 0.1 / 3])


def test_a_process_can_exit_in_the_middle_of_an_epoch(chairs):
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
    ({'batch_size': 0}, 'batch_size must be a whole number of at least 1, not 0'),
    ({'batch_size': 2.5}, 'batch_size must be a whole number of at least 1, not 2.5'),
    ({'batch_size': 2, 'num_workers': -1},
     'num_workers must be a whole number of at least 0, not -1'),
    ({'batch_size': 2, 'image_size': 0}, 'image_size must be a whole number of at least 1, not 0')])
def test_numbers_out_of_range(chairs, options, message):
    with pytest.raises(UsageError) as caught:
        load_data(ImageFolders(chairs), **options)
    assert str(caught.value) == message


def test_the_second_loader_may_have_the_validation_images(chairs_val, chairs):
    assert [len(y) for _, y in load_data(ImageFolders(chairs_val), 6, 32, eval_part='val')[1]] == [
        6, 3]
    assert [len(y) for _, y in load_data(ImageFolders(chairs_val), 6, 32)[1]] == [6, 6]
    with pytest.raises(UsageError) as error:
        load_data(ImageFolders(chairs), 6, 32, eval_part='val')
    assert str(error.value) == (f'no validation images in {chairs}: add a folder val/, or open it '
                                f'with val_fraction=0.2')
