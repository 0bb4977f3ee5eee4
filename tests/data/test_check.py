"""Images that pass the check can be trained on; the others are listed, each with a reason."""
import builtins
import collections
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from gluon_finetune.config import Config
from gluon_finetune.data import check
from gluon_finetune.data.check import BadImage, check_images, hash_images, inspect_images
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.formats import EXPECTED_FORMATS
from gluon_finetune.data.image import EncodedImage
from gluon_finetune.data.loader import load_data
from gluon_finetune.runs.manifest import Manifest
from gluon_finetune.runs.train import start_run


@pytest.fixture
def zoo(chairs_copy):
    """chairs/ with unusual images in one class, and unusable files in another."""
    good, bad = chairs_copy / 'train' / 'sofa', chairs_copy / 'train' / 'stool'
    noise = np.random.RandomState(0).randint(0, 255, (3, 40_000, 3)).astype('uint8')
    for name, pixels in {'long.png': noise, 'high.png': noise.swapaxes(0, 1),
                         'least.png': noise[:, :3], 'grey.png': noise[:, :50, 0],
                         'large.jpg': np.tile(noise[:, :2000], (900, 1, 1))}.items():
        Image.fromarray(np.ascontiguousarray(pixels)).save(good / name)
    Image.fromarray(noise[:, :99]).convert('CMYK').save(good / 'cmyk.tif')
    complete = (good / '0.jpg').read_bytes()
    (good / 'padded.jpg').write_bytes(complete + b'\0' * 999)
    (bad / 'text.jpg').write_text('hello')
    (bad / 'cut.jpg').write_bytes(complete[:len(complete) // 2])
    (bad / 'empty.png').touch()
    (bad / 'page.html.jpg').write_text('<!DOCTYPE html><title>404</title>')
    (bad / 'zeros.jpg').write_bytes(b'\xff\xd8' + b'\0' * 5000)
    os.symlink('nowhere', bad / 'gone.gif')
    os.mkfifo(bad / 'pipe.webp')
    Image.fromarray(noise[:1, :1]).save(bad / 'dot.png')
    return chairs_copy


CORRUPT = 'corrupt: its data is truncated or invalid'
UNKNOWN = f'unknown image format: expected {EXPECTED_FORMATS}'
REASONS = {'text.jpg': UNKNOWN, 'cut.jpg': CORRUPT, 'empty.png': 'the file is empty',
           'page.html.jpg': UNKNOWN, 'zeros.jpg': UNKNOWN, 'pipe.webp': 'not a file',
           'gone.gif': 'cannot be read: No such file or directory',
           'dot.png': 'too small: 1x1 pixels, but the minimum is 3x3'}


def test_unusable_images_are_listed_with_their_reasons(zoo):
    folder = zoo / 'train' / 'stool'
    assert ImageFolders(zoo).check(progress=False) == [
        BadImage(str(folder / name), REASONS[name]) for name in sorted(REASONS)]


def test_images_that_pass_can_be_trained_on(zoo):
    folders = ImageFolders(zoo)
    folders = folders.without(folders.check(progress=False))
    for _ in range(5):   # random crops: an image might fail now and then
        for images in load_data(folders, 8, 32):
            for X, y in images:
                assert X.shape == (len(y), 3, 32, 32) and np.isfinite(X.asnumpy()).all()


def test_the_smallest_image_survives_every_crop(tmp_path, zoo):
    """Of 1x1 pixels every fifth random crop has no pixel at all; 3x3 is safe."""
    for name in ('bench', 'stool'):
        shutil.rmtree(zoo / 'train' / name)
    for path in (zoo / 'train' / 'sofa').iterdir():
        if path.name != 'least.png':
            path.unlink()
    (zoo / 'train' / 'bench').mkdir()
    for i in range(300):
        shutil.copy(zoo / 'train' / 'sofa' / 'least.png', zoo / 'train' / 'bench' / f'{i}.png')
    shutil.rmtree(zoo / 'test' / 'stool')
    with pytest.warns(UserWarning, match="300 images of 'bench', 1 of 'sofa'"):
        folders = ImageFolders(zoo)
    assert folders.check(progress=False) == []
    for X, _ in load_data(folders, 50, 8)[0]:
        X.wait_to_read()


def test_progress_goes_to_stderr_and_can_be_off(chairs, capsys, monkeypatch):
    monkeypatch.setattr('gluon_finetune.progress.shows_bars', lambda: True)   # as on a terminal
    paths = [path for path, _ in ImageFolders(chairs).test.items]
    assert check_images(paths, progress=False) == []
    assert capsys.readouterr() == ('', '')
    check_images(paths)
    out, err = capsys.readouterr()
    assert out == '' and 'checking images' in err


def test_reports_have_the_order_of_the_paths(tmp_path, monkeypatch):
    monkeypatch.setattr(check, 'usable_cores', lambda: 8)
    paths = [str(tmp_path / f'{i}.jpg') for i in range(50)]
    assert [bad.path for bad in check_images(paths, progress=False)] == paths


@pytest.fixture
def counted(monkeypatch):
    """How often each image file is opened, and how many images are decoded, as `decoded`."""
    counts, open_file, decode = collections.Counter(), builtins.open, EncodedImage._decoded

    def counting_open(path, *args, **kwargs):
        if str(path).endswith('.jpg'):
            counts[str(path)] += 1
        return open_file(path, *args, **kwargs)

    def counting_decode(image, *args):
        counts['decoded'] += 1
        return decode(image, *args)
    monkeypatch.setattr(builtins, 'open', counting_open)
    monkeypatch.setattr(EncodedImage, '_decoded', counting_decode)
    return counts


def test_a_start_reads_and_decodes_each_file_once(chairs_copy, tmp_path, counted):
    bad = chairs_copy / 'train' / 'stool' / 'text.jpg'
    bad.write_text('hello')
    counted.clear()
    folders = ImageFolders(chairs_copy)
    folders = folders.without(folders.check(progress=False))   # as --skip-bad does
    config = Config(network='mobilenetv2_0.25', scratch=True, image_size=32)
    _, run = start_run(str(tmp_path / 'run'), config, folders)
    paths = [path for path, _ in folders.train.items + folders.test.items]
    assert counted == {**dict.fromkeys(paths, 1), str(bad): 1, 'decoded': 36}
    assert run.manifest == Manifest.of(folders), 'a new pass gives other hashes'
    assert counted[paths[0]] == 2, 'Manifest.of hashes anew, as a resumed run does'


def test_a_file_that_changed_or_failed_is_inspected_again(chairs_copy, counted):
    folders = ImageFolders(chairs_copy)
    (first, _), (second, _) = folders.train.items[:2]
    content = (chairs_copy / 'train' / 'bench' / '0.jpg').read_bytes()
    with open(first, 'wb') as file:
        file.write(content[:-200])
    for _ in range(2):
        assert [bad.path for bad in folders.check(progress=False)] == [first]
    with open(first, 'wb') as file:
        file.write(content)
    os.remove(second)
    counted.clear()
    assert folders.check(progress=False) == [
        BadImage(second, 'cannot be read: No such file or directory')]
    assert counted == {first: 1, 'decoded': 1}
    assert folders.hashes(progress=False)[first] == hash_images([first], progress=False)[0]


def test_inspected_hashes_are_those_of_the_files(zoo):
    paths = [path for path, _ in ImageFolders(zoo).train.items if not path.endswith('empty.png')]
    assert [report.sha256 for report in inspect_images(paths, progress=False)] == hash_images(
        paths, progress=False)


@pytest.mark.parametrize('pixels, contrast', [
    (np.full((60, 60, 3), 9), False), (np.arange(60 * 60 * 3).reshape(60, 60, 3) % 7, False),
    (np.arange(60 * 60 * 3).reshape(60, 60, 3) % 10, True),
    (np.where(np.arange(3600).reshape(60, 60, 1) == 1111, 255, [[[0, 0, 0]]]), True),
    (np.stack([np.zeros((60, 60)), np.eye(60) * 90, np.zeros((60, 60))], 2), True)])
def test_images_without_contrast(pixels, contrast):
    assert check.has_contrast(pixels.astype('uint8')) is contrast
