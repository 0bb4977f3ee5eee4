"""Decoded images are cached while there is room, in memory or on disk."""
import gc
import os

import numpy as np
import pytest

from gluon_finetune.data.cache import ImageCache
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.image import EncodedImage, read_pixels
from gluon_finetune.errors import WorkError


@pytest.fixture
def paths(chairs):
    return [path for path, _ in ImageFolders(chairs).train.items]


@pytest.mark.parametrize('place', ['ram', 'disk'])
def test_an_image_is_decoded_once(place, paths, monkeypatch):
    cache, plain = ImageCache(place), [read_pixels(path) for path in paths]
    decoded, decode = [], EncodedImage._decoded
    monkeypatch.setattr(EncodedImage, '_decoded', lambda *args: decoded.append(1) or decode(*args))
    for _ in range(2):
        assert all(np.array_equal(cache.read(path), pixels) for path, pixels in zip(paths, plain))
    assert len(decoded) == len(paths)
    assert cache.used == sum(pixels.nbytes for pixels in plain) <= cache.limit


@pytest.mark.parametrize('place', ['ram', 'disk'])
def test_the_limit_is_respected(place, paths):
    cache = ImageCache(place, limit=20_000)
    for path in paths:
        cache.read(path)
    assert 10_000 < cache.used <= 20_000


def test_a_full_disk_ends_caching_only(paths):
    cache = ImageCache('disk')
    with open('/dev/full', 'r+b', buffering=0) as full:
        cache._file = full.fileno()
        for _ in range(2):
            assert np.array_equal(cache.read(paths[0]), read_pixels(paths[0]))
    assert cache.limit == 0


def test_a_truncated_cache_file_is_an_error(paths):
    cache = ImageCache('disk')
    cache.read(paths[0])
    os.ftruncate(cache._file, 100)
    with pytest.raises(WorkError) as caught:
        cache.read(paths[0])
    assert str(caught.value) == 'the cache of decoded images on disk is corrupt: use cache=ram'


def test_nothing_is_left_on_disk(paths, tmp_path):
    cache = ImageCache('disk', folder=str(tmp_path))
    file = cache._file
    cache.read(paths[0])
    assert list(tmp_path.iterdir()) == [] and os.fstat(file).st_size == cache.used
    del cache
    gc.collect()
    with pytest.raises(OSError):
        os.fstat(file)
