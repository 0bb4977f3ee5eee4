"""Folders become labelled images; folders that cannot be trained on are refused."""
import os
import warnings

import numpy as np
import pytest
from PIL import Image

from gluon_finetune.compat.imports import mx
from gluon_finetune.data.check import BadImage
from gluon_finetune.data.folders import ImageDataset, ImageFolders
from gluon_finetune.data.formats import EXTENSIONS
from gluon_finetune.errors import UsageError

IMAGES = f'{", ".join(EXTENSIONS[:-1])} or {EXTENSIONS[-1]}'   # .heic and .avif if they can be read


@pytest.fixture
def lay(tmp_path, monkeypatch):
    """Lays out empty files under the current folder, which messages then need not name."""
    monkeypatch.chdir(tmp_path)

    def lay(**folders):
        for folder, names in folders.items():
            folder = os.path.join('chairs', *folder.split('_'))
            os.makedirs(folder, exist_ok=True)
            for name in names.split():
                open(os.path.join(folder, name), 'w').close()
        return 'chairs'
    return lay


def refused(*args, **kwargs):
    with pytest.raises(UsageError) as caught:
        ImageFolders(*args, **kwargs)
    return str(caught.value)


def test_items_are_rgb_arrays_and_labels_sorted_by_class(chairs, numpy_mode):
    folders = ImageFolders(chairs)
    assert folders.classes == ['bench', 'sofa', 'stool']
    assert folders.train.synsets == folders.test.synsets == folders.classes
    assert (len(folders.train), len(folders.test), folders.split) == (24, 12, None)
    assert isinstance(folders.train, mx.gluon.data.vision.ImageFolderDataset)
    X, label = folders.train[23]
    assert label == 2 and isinstance(X, mx.np.ndarray if numpy_mode else mx.nd.NDArray)
    with Image.open(folders.train.items[23][0]) as image:
        assert np.array_equal(X.asnumpy(), np.asarray(image))
    assert repr(folders) == (
        f'ImageFolders({str(chairs)!r}: 3 classes, 24 training and 12 test images)')


def test_transform_first_changes_the_image_alone(chairs):
    shape, label = ImageFolders(chairs).test.transform_first(lambda X: X.shape)[11]
    assert len(shape) == 3 and label == 2


def test_labels_of_the_test_set_are_those_of_training_by_name(lay):
    folders = ImageFolders(lay(train_a='1.jpg', train_b='1.jpg', train_c='1.jpg', test_c='9.jpg'))
    assert folders.test.items == [(os.path.join('chairs', 'test', 'c', '9.jpg'), 2)]
    assert folders.test.synsets == ['a', 'b', 'c']


def test_hidden_and_other_files_are_ignored(lay):
    root = lay(train_a='2.jpg 1.JPG .3.jpg ._1.JPG Thumbs.db notes.txt 3.JPeG', train_b='1.png',
               test_a='1.jpg')
    os.makedirs('chairs/train/__MACOSX')
    os.makedirs('chairs/train/.git')
    os.makedirs('chairs/train/a/folder.jpg')
    open('chairs/train/list.csv', 'w').close()
    folders = ImageFolders(root)
    assert folders.classes == ['a', 'b']
    assert [os.path.basename(path) for path, _ in folders.train.items] == [
        '1.JPG', '2.jpg', '3.JPeG', '1.png']


def test_the_order_does_not_depend_on_the_file_system(lay, monkeypatch):
    root = lay(train_b='2.jpg 10.jpg 1.jpg', train_a='1.jpg', test_a='1.jpg')
    expected = ImageFolders(root).train.items
    real = os.listdir
    monkeypatch.setattr(os, 'listdir', lambda path: sorted(real(path), reverse=True))
    assert ImageFolders(root).train.items == expected
    assert [os.path.basename(path) for path, _ in expected] == ['1.jpg', '1.jpg', '10.jpg', '2.jpg']


def test_symbolic_links_are_followed(lay):
    lay(train_a='1.jpg', elsewhere_b='1.jpg 2.jpg', test_a='1.jpg')
    os.symlink(os.path.abspath('chairs/elsewhere/b'), 'chairs/train/b')
    os.symlink(os.path.abspath('chairs/elsewhere/b/1.jpg'), 'chairs/train/a/2.jpg')
    assert [label for _, label in ImageFolders('chairs').train.items] == [0, 0, 1, 1]


def test_home_and_path_objects(lay, tmp_path, monkeypatch):
    lay(train_a='1.jpg', train_b='1.jpg', test_a='1.jpg')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert len(ImageFolders('~/chairs').train) == len(ImageFolders(tmp_path / 'chairs').train) == 2


def test_folders_of_other_names(lay):
    root = lay(fit_a='1.jpg', fit_b='1.jpg', valid_b='1.jpg')
    folders = ImageFolders(root, train='fit', test='valid')
    assert [label for _, label in folders.test.items] == [1]


LAYOUT = ('expected a folder with train/<class>/ and test/<class>/, '
          'or with one folder of images per class')


@pytest.mark.parametrize('options, missing', [
    ({'root': 'sofas'}, 'no such folder: sofas'),
    ({'root': 'chairs/notes.txt'}, 'chairs/notes.txt is a file'),
    ({'root': 'chairs', 'train': 'fit'}, 'no such folder: chairs/fit'),
    ({'root': 'chairs', 'test': 'valid'}, 'no such folder: chairs/valid')])
def test_a_missing_folder(lay, options, missing):
    lay(train_a='1.jpg', train_b='1.jpg')
    open('chairs/notes.txt', 'w').close()
    assert refused(**options) == f'{missing}: {LAYOUT}'


def test_a_test_folder_without_training(lay):
    assert refused(lay(test_a='1.jpg', test_b='1.jpg')) == f'no such folder: chairs/train: {LAYOUT}'


@pytest.mark.parametrize('files, found', [
    ('', 'nothing'), ('1.jpg', '1 other file (1.jpg)'),
    ('1.jpg 2.jpg 3.jpg 4.jpg', '4 other files (1.jpg, 2.jpg, 3.jpg, ...)')])
def test_no_classes(lay, files, found):
    assert refused(lay(train=files)) == (
        'no classes in chairs/train: expected one folder of images per class, '
        f'found {found}')


@pytest.mark.parametrize('side', ['train', 'test'])
@pytest.mark.parametrize('files, found', [
    ('', 'nothing'), ('.hidden.jpg', 'nothing'), ('Thumbs.db desktop.ini', 'nothing'),
    ('notes.txt', '1 other file (notes.txt)'),
    ('a.svg b.txt c.mp4', '3 other files (a.svg, b.txt, c.mp4)')])
def test_an_empty_class(lay, side, files, found):
    root = lay(train_sofa='1.jpg', train_stool='1.jpg', test_sofa='1.jpg')
    if side == 'train':
        os.remove('chairs/train/stool/1.jpg')
    lay(**{f'{side}_stool': files})
    assert refused(root) == (
        f'no images in chairs/{side}/stool: expected {IMAGES} files, found {found}')


def test_one_class_only(lay):
    assert refused(lay(train_a='1.jpg', test_a='1.jpg')) == (
        'only one class in chairs/train (a): '
        'a classifier needs at least 2 classes, each a folder of images')


def test_a_test_class_unknown_to_training(lay):
    assert refused(lay(train_a='1.jpg', train_b='1.jpg', test_A='1.jpg', test_b='1.jpg')) == (
        'unknown class in chairs/test: A; the training classes are a, b: '
        'rename or remove the folder')


def test_imbalance_is_a_warning(lay):
    names = ' '.join(f'{i}.jpg' for i in range(20_000))
    root = lay(train_sofa=names, train_stool='1.jpg 2.jpg 3.jpg', test_sofa='1.jpg')
    with pytest.warns(UserWarning) as caught:
        folders = ImageFolders(root)
    assert len(folders.train) == 20_003
    assert [str(warning.message) for warning in caught] == [
        "imbalanced classes: 20000 images of 'sofa', 3 of 'stool'; a net that always predicts "
        "'sofa' would seem accurate: add images of 'stool'"]
    assert caught[0].filename == __file__


def test_without_skips_these_images_only(lay):
    folders = ImageFolders(lay(train_a='1.jpg 2.jpg', train_b='1.jpg', test_a='1.jpg 2.jpg'))
    bad = [BadImage(os.path.join('chairs', *path), 'empty')
           for path in (('train', 'a', '1.jpg'), ('test', 'a', '2.jpg'))]
    left = folders.without(bad)
    assert left.train.items == folders.train.items[1:] and left.test.items == folders.test.items[:1]
    assert (len(folders.train), len(folders.test)) == (3, 2)
    assert left.classes == ['a', 'b'] and len(folders.without([bad[0].path]).test) == 2


@pytest.mark.parametrize('skipped, problem', [
    (['train/b/1.jpg', 'train/a/2.jpg', 'test/b/1.jpg'],
     "class 'b' has no training images left after skipping 1 unreadable one"),
    (['train/a/1.jpg', 'train/a/2.jpg', 'train/a/3.jpg'],
     "class 'a' has no training images left after skipping 3 unreadable ones"),
    (['train/b/1.jpg', 'train/a/1.jpg', 'train/a/2.jpg', 'train/a/3.jpg'],
     "classes 'a', 'b' have no training images left after skipping 4 unreadable ones"),
    (['train/a/1.jpg', 'test/b/1.jpg', 'test/b/2.jpg'],
     'the test set has no images left after skipping 2 unreadable ones')])
def test_a_class_or_test_set_must_not_become_empty(lay, skipped, problem):
    folders = ImageFolders(lay(train_a='1.jpg 2.jpg 3.jpg', train_b='1.jpg', test_b='1.jpg 2.jpg'))
    with pytest.raises(UsageError) as caught:
        folders.without([os.path.join('chairs', *path.split('/')) for path in skipped])
    assert str(caught.value) == f'{problem}: add images to chairs'


def test_unreadable_image_in_an_epoch_names_the_file(lay):
    folders = ImageFolders(lay(train_a='1.jpg', train_b='1.jpg', test_b='1.jpg'))
    with pytest.raises(UsageError, match=r'^cannot use the image chairs.train.a.1\.jpg: '
                                         'the file is empty$'):
        folders.train[0]


def test_one_folder_is_read_as_by_gluon(chairs):
    images = ImageDataset(chairs / 'train')
    gluons = mx.gluon.data.vision.ImageFolderDataset(str(chairs / 'train'))
    assert (images.items, images.synsets) == (gluons.items, gluons.synsets)
    assert np.array_equal(images[5][0].asnumpy(), gluons[5][0].asnumpy())


@pytest.mark.realdata
def test_photographs(hotdog_root):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        folders = ImageFolders(hotdog_root)
    assert folders.classes == ['hotdog', 'not-hotdog']
    for images, count in ((folders.train, 508), (folders.test, 200)):
        assert [label for _, label in images.items] == [0] * count + [1] * count
        assert images.items == sorted(images.items)
    assert folders.check(progress=False) == []
