"""Images that look alike are found although their bytes differ."""
import shutil
import sys

import pytest
from commands import call
from PIL import Image

from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.near_duplicates import find_near_duplicates
from gluon_finetune.errors import UsageError


def test_a_missing_library_is_named(chairs, monkeypatch):
    monkeypatch.setitem(sys.modules, 'imagehash', None)
    with pytest.raises(UsageError) as error:
        find_near_duplicates(ImageFolders(chairs), progress=False)
    assert str(error.value) == ('comparing how images look needs imagehash, which is not '
                                'installed: pip install gluon_finetune[near]')


@pytest.fixture
def noise(tmp_path):
    """train/ and test/ with two classes of images that look like nothing else."""
    pytest.importorskip('imagehash')
    for part in ('train', 'test'):
        for name in ('cat', 'dog'):
            (tmp_path / part / name).mkdir(parents=True)
            for number in range(3):
                image = Image.effect_noise((6, 6), 90).resize((200, 160), Image.BICUBIC)
                image.convert('RGB').save(tmp_path / part / name / f'{number}.png')
    return tmp_path


def said(root):
    return [str(finding) for finding in find_near_duplicates(ImageFolders(root), progress=False)]


def test_different_images_and_equal_bytes_are_no_near_duplicates(noise):
    shutil.copyfile(noise / 'train/cat/1.png', noise / 'test/cat/copy.png')
    for name in ('black', 'white'):
        Image.new('RGB', (80, 80), name).save(noise / f'train/cat/{name}.png')
    assert said(noise) == []


def test_images_saved_again_or_resized_are_found(noise):
    image = Image.open(noise / 'train/cat/1.png')
    image.save(noise / 'test/cat/again.jpg', quality=60)
    image.resize((100, 80)).save(noise / 'test/cat/half.png')
    Image.open(noise / 'train/dog/2.png').resize((150, 120)).save(noise / 'train/dog/x.png')
    assert said(noise) == [
        '2 of 8 test images look like training images (test/cat/again.jpg ~ train/cat/1.png, '
        'test/cat/half.png ~ train/cat/1.png): compare them, and remove those that show the same',
        '2 pairs of images in the same class look alike (train/dog/2.png ~ train/dog/x.png, '
        'test/cat/again.jpg ~ test/cat/half.png): compare them, and remove those that show the '
        'same']


def test_check_near_lists_them_and_other_classes(noise, capsys):
    Image.open(noise / 'train/cat/1.png').save(noise / 'train/dog/again.jpg', quality=80)
    status, out, _ = call(capsys, 'check', noise, '--near')
    assert status == 0 and out.splitlines()[1:] == [
        '1 pair of images in different classes looks alike: compare them, and remove those that '
        'show the same', '  train/cat/1.png ~ train/dog/again.jpg']
    assert len(call(capsys, 'check', noise)[1].splitlines()) == 1


def test_validation_images_that_look_alike(noise):
    shutil.copytree(noise / 'train', noise / 'val')   # whose copies are not near duplicates
    for path in sorted((noise / 'val').rglob('*.png')):
        path.unlink()
        Image.effect_noise((6, 6), 90).resize((200, 160), Image.BICUBIC).save(path)
    Image.open(noise / 'train/cat/1.png').save(noise / 'val/cat/again.jpg', quality=80)
    Image.open(noise / 'val/dog/0.png').save(noise / 'test/dog/again.jpg', quality=80)
    assert said(noise) == [
        '1 of 7 validation images looks like a training image (val/cat/again.jpg ~ '
        'train/cat/1.png): compare them, and remove those that show the same',
        '1 of 7 test images looks like a validation image (test/dog/again.jpg ~ val/dog/0.png): '
        'compare them, and remove those that show the same']
