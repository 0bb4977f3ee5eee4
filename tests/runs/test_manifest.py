"""The manifest detects every change of names, contents and classes."""
import pytest

from gluon_finetune import ImageFolders
from gluon_finetune.errors import UsageError
from gluon_finetune.runs.manifest import Manifest


@pytest.fixture
def before(chairs_copy):
    return Manifest.of(ImageFolders(chairs_copy))


def now(chairs_copy):
    return Manifest.of(ImageFolders(chairs_copy))


def test_it_survives_a_file(chairs_copy, before, tmp_path):
    (tmp_path / 'a.csv').write_bytes(before.to_csv())
    again = Manifest.from_csv(str(tmp_path / 'a.csv'))
    assert again == before and list(again) == list(before) and again.sha256 == before.sha256
    assert len(before) == 36 and before.difference(now(chairs_copy)) == ''


@pytest.mark.parametrize('name', ['a,b.jpg', 'a"b.jpg', 'a\nb.jpg', 'a\rb.jpg', 'ü.jpg',
                                  b'\xff.jpg'])
def test_it_takes_every_name(chairs_copy, tmp_path, name):
    folder = chairs_copy / 'train' / 'sofa'
    (folder / '0.jpg').rename(folder / (name if isinstance(name, str) else name.decode(
        'utf-8', 'surrogateescape')))
    manifest = now(chairs_copy)
    (tmp_path / 'a.csv').write_bytes(manifest.to_csv())
    assert Manifest.from_csv(str(tmp_path / 'a.csv')) == manifest


def test_added_missing_and_changed_images_are_named(chairs_copy, before):
    train = chairs_copy / 'train'
    (train / 'sofa' / '0.jpg').unlink()
    (train / 'stool' / '1.jpg').write_bytes(b'x')
    (chairs_copy / 'test' / 'sofa' / '0.jpg').rename(chairs_copy / 'test' / 'stool' / '9.jpg')
    assert before.difference(now(chairs_copy)) == (
        '1 added (test/stool/9.jpg); 2 missing (train/sofa/0.jpg, test/sofa/0.jpg); 1 changed '
        '(train/stool/1.jpg)')
    assert before.difference(now(chairs_copy), allow_missing=True) == '1 added (test/stool/9.jpg)'


def test_missing_images_are_restored(chairs_copy, before):
    folders = ImageFolders(chairs_copy)
    (chairs_copy / 'train' / 'sofa' / '0.jpg').unlink()
    restored = before.restore(ImageFolders(chairs_copy))
    assert restored.train.items == folders.train.items and restored.test.items == folders.test.items


@pytest.mark.parametrize('content', ['', 'a,b\n', 'part,class,path,sha256\ntrain,a,b,12\n',
                                     'part,class,path,sha256\ntrain,a\n'])
def test_another_table_is_refused(tmp_path, content):
    (tmp_path / 'a.csv').write_text(content)
    with pytest.raises(UsageError, match='is not a manifest of images: expected a table with '
                                         'the columns part, class, path, sha256'):
        Manifest.from_csv(str(tmp_path / 'a.csv'))


def test_images_that_the_first_version_ignored_are_not_added_ones(chairs_copy, before):
    sofa = chairs_copy / 'train' / 'sofa'
    (sofa / 'deeper').mkdir()
    (sofa / 'deeper' / '1.jpg').write_bytes((sofa / '1.jpg').read_bytes())
    (sofa / 'scan.PPM').write_bytes(b'P6 4 4 255 ' + bytes(48))
    now = Manifest.of(ImageFolders(chairs_copy))
    assert len(now) == len(before) + 2 and before.difference(now) == ''
    assert now.difference(before) != ''
    (sofa / 'deeper' / '2.jpg').write_bytes(b'')
    (sofa / 'scan2.ppm').write_bytes(b'')
    later = Manifest.of(ImageFolders(chairs_copy))
    assert now.difference(later).startswith('2 added (')


def test_validation_images_are_listed_and_restored(chairs_val_copy):
    folders = ImageFolders(chairs_val_copy)
    before = Manifest.of(folders)
    assert before.has_val and [part for part, _, _ in before] == (
        ['train'] * 24 + ['test'] * 12 + ['val'] * 9)
    assert not Manifest.of(folders.without_val()).has_val
    path = chairs_val_copy / 'val' / 'sofa' / '0.jpg'
    path.write_bytes(path.read_bytes() + b'0')
    assert before.difference(now(chairs_val_copy)) == '1 changed (val/sofa/0.jpg)'
    path.unlink()
    assert before.difference(now(chairs_val_copy)) == '1 missing (val/sofa/0.jpg)'
    assert before.restore(ImageFolders(chairs_val_copy)).val.items == folders.val.items


def test_later_leaks_do_not_count(chairs_val_copy):
    before = now(chairs_val_copy)
    for source, target in (('train/sofa/1.jpg', 'val/sofa/a.jpg'),
                           ('train/sofa/1.jpg', 'test/sofa/b.jpg'),
                           ('val/sofa/1.jpg', 'test/stool/c.jpg'),
                           ('test/sofa/1.jpg', 'val/stool/d.jpg')):
        (chairs_val_copy / target).write_bytes((chairs_val_copy / source).read_bytes())
    later = now(chairs_val_copy).without_leaks(before)
    assert before.difference(later) == '1 added (val/stool/d.jpg)'
    assert Manifest.of(before.limit(ImageFolders(chairs_val_copy))) == before
