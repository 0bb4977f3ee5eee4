"""Decoded pictures are kept as long as there is room, in memory or on the disk."""
import gc
import os

import numpy as np
import pytest

from gluon_finetune.data.cache import PictureCache
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.image import Picture


@pytest.fixture
def paths(chairs):
    return [path for path, _ in ImageFolders(chairs).train.items]


@pytest.mark.parametrize('place', ['ram', 'disk'])
def test_a_picture_is_decoded_once(place, paths, monkeypatch):
    cache, decoded = PictureCache(place), []
    plain = [Picture(path).decode() for path in paths]
    decode = Picture._decoded
    monkeypatch.setattr(Picture, '_decoded', lambda *args: decoded.append(1) or decode(*args))
    for _ in range(2):
        pictures = [cache.open(path) for path in paths]
        assert [picture.shape for picture in pictures] == [pixels.shape[:2] for pixels in plain]
        assert all(np.array_equal(picture.decode(), pixels)
                   for picture, pixels in zip(pictures, plain))
    assert len(decoded) == len(paths)
    assert cache.used == sum(pixels.nbytes for pixels in plain) <= cache.limit


@pytest.mark.parametrize('place', ['ram', 'disk'])
def test_the_limit_holds(place, paths):
    cache = PictureCache(place, limit=20_000)
    for path in paths:
        cache.open(path).decode()
    assert 10_000 < cache.used <= 20_000


def test_sizes_of_one_picture_are_kept_apart(paths):
    cache = PictureCache('ram')
    height = cache.open(paths[0]).shape[0]
    assert [cache.open(paths[0]).decode(reduction).shape[0] for reduction in (1, 2, 1)] == [
        height, -(-height // 2), height]


def test_a_disk_that_is_full_ends_the_keeping_alone(paths):
    cache = PictureCache('disk')
    with open('/dev/full', 'r+b', buffering=0) as full:
        cache._file = full.fileno()
        for _ in range(2):
            assert np.array_equal(cache.open(paths[0]).decode(), Picture(paths[0]).decode())
    assert cache.limit == 0


def test_nothing_is_left_on_the_disk(paths, tmp_path):
    cache = PictureCache('disk', folder=str(tmp_path))
    file = cache._file
    cache.open(paths[0]).decode()
    assert list(tmp_path.iterdir()) == [] and os.fstat(file).st_size == cache.used
    del cache
    gc.collect()
    with pytest.raises(OSError):
        os.fstat(file)
