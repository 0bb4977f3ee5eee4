"""Decoded images are cached while there is room, in memory or on disk."""
import gc
import os

import numpy as np
import pytest

from gluon_finetune.data.cache import ImageCache
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.image import EncodedImage
from gluon_finetune.errors import WorkError


@pytest.fixture
def paths(chairs):
    return [path for path, _ in ImageFolders(chairs).train.items]


@pytest.mark.parametrize('place', ['ram', 'disk'])
def test_an_image_is_decoded_once(place, paths, monkeypatch):
    cache, decoded = ImageCache(place), []
    plain = [EncodedImage(path).decode() for path in paths]
    decode = EncodedImage._decoded
    monkeypatch.setattr(EncodedImage, '_decoded', lambda *args: decoded.append(1) or decode(*args))
    for _ in range(2):
        images = [cache.open(path) for path in paths]
        assert [image.shape for image in images] == [pixels.shape[:2] for pixels in plain]
        assert all(np.array_equal(image.decode(), pixels)
                   for image, pixels in zip(images, plain))
    assert len(decoded) == len(paths)
    assert cache.used == sum(pixels.nbytes for pixels in plain) <= cache.limit


@pytest.mark.parametrize('place', ['ram', 'disk'])
def test_the_limit_is_respected(place, paths):
    cache = ImageCache(place, limit=20_000)
    for path in paths:
        cache.open(path).decode()
    assert 10_000 < cache.used <= 20_000


def test_each_reduction_of_an_image_is_cached_separately(paths):
    cache = ImageCache('ram')
    height = cache.open(paths[0]).shape[0]
    assert [cache.open(paths[0]).decode(reduction).shape[0] for reduction in (1, 2, 1)] == [
        height, -(-height // 2), height]


def test_a_full_disk_ends_caching_only(paths):
    cache = ImageCache('disk')
    with open('/dev/full', 'r+b', buffering=0) as full:
        cache._file = full.fileno()
        for _ in range(2):
            assert np.array_equal(cache.open(paths[0]).decode(), EncodedImage(paths[0]).decode())
    assert cache.limit == 0


def test_a_truncated_cache_file_is_an_error(paths):
    cache = ImageCache('disk')
    cache.open(paths[0]).decode()
    os.ftruncate(cache._file, 100)
    with pytest.raises(WorkError) as caught:
        cache.open(paths[0]).decode()
    assert str(caught.value) == 'the cache of decoded images on disk is corrupt: use cache=ram'


def test_nothing_is_left_on_disk(paths, tmp_path):
    cache = ImageCache('disk', folder=str(tmp_path))
    file = cache._file
    cache.open(paths[0]).decode()
    assert list(tmp_path.iterdir()) == [] and os.fstat(file).st_size == cache.used
    del cache
    gc.collect()
    with pytest.raises(OSError):
        os.fstat(file)
