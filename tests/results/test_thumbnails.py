"""Thumbnails: no more pixels than are drawn, whatever the file has."""
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from gluon_finetune.errors import UsageError
from gluon_finetune.results.thumbnails import read_thumbnail, shrink


@pytest.mark.parametrize('size, side, shape', [
    ((3000, 2000), 300, (200, 300, 3)), ((40, 30), 300, (30, 40, 3)),
    ((301, 10), 300, (10, 300, 3)), ((5, 4000), 100, (100, 1, 3))])
@pytest.mark.parametrize('extension', ['jpg', 'png'])
def test_no_side_is_longer_than_asked_for(tmp_path, size, side, shape, extension):
    Image.new('RGB', size, (200, 30, 60)).save(tmp_path / f'a.{extension}')
    found = read_thumbnail(tmp_path / f'a.{extension}', side)
    assert found.shape == shape and found.dtype == np.uint8
    assert abs(found.astype(int) - (200, 30, 60)).max() <= 3


def test_a_photograph_on_its_side_stands_up(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new('RGB', (800, 600)).save(tmp_path / 'a.jpg', exif=exif)
    assert read_thumbnail(tmp_path / 'a.jpg', 200).shape == (200, 150, 3)


def test_a_large_jpeg_is_never_decoded_completely(tmp_path):
    Image.new('RGB', (6000, 4000)).save(tmp_path / 'a.jpg')
    tracemalloc.start()
    read_thumbnail(tmp_path / 'a.jpg', 192)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6000 * 4000 * 3 / 8


def test_small_images_are_returned_as_they_are():
    pixels = np.zeros((5, 7, 3), 'uint8')
    assert shrink(pixels, 7) is pixels


def test_an_unreadable_file_is_named(tmp_path):
    (tmp_path / 'a.jpg').touch()
    with pytest.raises(UsageError) as error:
        read_thumbnail(tmp_path / 'a.jpg', 100)
    assert str(error.value) == f'cannot use the image {tmp_path / "a.jpg"}: the file is empty'
