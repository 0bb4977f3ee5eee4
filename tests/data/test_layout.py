"""The layouts that people have: which folders are taken, and what is said of the others."""
import os
import unicodedata

import pytest

from gluon_finetune.data import scan
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.formats import HINT
from gluon_finetune.errors import UsageError
from gluon_finetune.files.names import same_name


@pytest.fixture
def lay(tmp_path, monkeypatch):
    """Makes empty files below data/, such as 'train/a/1.jpg'; '1-3' stands for three."""
    monkeypatch.chdir(tmp_path)

    def lay(*paths):
        for path in paths:
            names = [path.replace('1-3', str(i)) for i in (1, 2, 3)] if '1-3' in path else [path]
            for name in names:
                full = os.path.join('data', *name.split('/'))
                os.makedirs(os.path.dirname(full), exist_ok=True)
                open(full, 'w').close()
        return 'data'
    return lay


def relative(images):
    return [os.path.relpath(path, 'data').replace(os.sep, '/') for path, _ in images.items]


def refused(*args, **kwargs):
    with pytest.raises(UsageError) as caught:
        ImageFolders(*args, **kwargs)
    return str(caught.value)


@pytest.mark.parametrize('train, test', [('Train', 'Test'), ('TRAIN', 'test'),
                                         ('Training', 'Testing'), ('train', 'TEST')])
def test_capitals_and_other_names_of_the_parts(lay, train, test):
    folders = ImageFolders(lay(f'{train}/a/1-3.jpg', f'{train}/b/1-3.jpg', f'{test}/b/1.jpg'))
    assert folders.classes == ['a', 'b'] and folders.split is None and folders.notes == []
    assert relative(folders.test) == [f'{test}/b/1.jpg'] and len(folders.train) == 6


@pytest.mark.parametrize('val', ['val', 'valid', 'validation', 'Val', 'VALIDATION'])
def test_a_validation_folder(lay, val):
    root = lay('train/a/1-3.jpg', 'train/b/1-3.jpg', f'{val}/b/1.jpg', f'{val}/b/2.jpg')
    folders = ImageFolders(root)
    assert relative(folders.test) == [f'{val}/b/1.jpg', f'{val}/b/2.jpg']
    assert folders.val is None and folders.split is None and folders.notes == [
        f'no test folder in data: the images in data/{val} are the test set']
    folders = ImageFolders(lay('test/a/9.jpg'))
    assert relative(folders.test) == ['test/a/9.jpg'] and folders.notes == []
    assert folders.val.items == [(f'data/{val}/b/1.jpg', 1), (f'data/{val}/b/2.jpg', 1)]
    assert repr(folders) == ("ImageFolders('data': 2 classes, 6 training, 2 validation and "
                             "1 test images)")
    bad = folders.check(progress=False)
    assert len(bad) == 9 and len(folders.without([f'data/{val}/b/1.jpg']).val) == 1
    with pytest.raises(UsageError) as error:
        folders.without([path for path, _ in folders.val.items])
    assert str(error.value) == ('the validation set has no images left after skipping 2 unreadable '
                                'ones: add images to data')
    assert folders.without_val().val is None and folders.val is not None


def test_a_validation_folder_of_another_name(lay):
    root = lay('train/a/1-3.jpg', 'train/b/1-3.jpg', 'dev/a/1.jpg', 'val/b/1.jpg')
    folders = ImageFolders(root, val='dev')
    assert relative(folders.val) == ['dev/a/1.jpg'] and len(folders.test) == 2
    assert refused(root, val='eval').startswith('no such folder: data/eval: ')


def test_a_validation_folder_and_a_fraction_are_too_many(lay):
    root = lay('train/a/1-3.jpg', 'train/b/1-3.jpg', 'test/a/1.jpg', 'Val/b/1.jpg')
    assert refused(root, val_fraction=0.2) == (
        'val_fraction is 0.2, but data/Val has validation images: omit it, or move the folder away')


def test_a_validation_folder_that_is_the_test_set_and_a_fraction(lay):
    root = lay('train/a/1-3.jpg', 'train/b/1-3.jpg', 'val/b/1.jpg')
    folders = ImageFolders(root, val_fraction=0.3)
    assert relative(folders.test) == ['val/b/1.jpg'] and len(folders.val) == 2
    assert len(folders.train) == 4 and 'test' not in folders.split
    again = ImageFolders(root, split=folders.split)
    assert again.parts.keys() == folders.parts.keys() and again.split == folders.split
    assert all(again.parts[part].items == folders.parts[part].items for part in folders.parts)


def test_a_split_of_before_outlives_a_validation_folder(lay):
    """Earlier versions split test images off `train` whether there was a `val` or not."""
    root = lay('train/a/1-3.jpg', 'train/b/1-3.jpg')
    split = ImageFolders(root).split
    lay('val/a/1.jpg')
    folders = ImageFolders(root, split=split)
    assert folders.split == split and folders.val is None and folders.notes == []
    assert relative(folders.test) == split['test']


def test_classes_called_train_and_test(lay):
    folders = ImageFolders(lay('bus/1-3.jpg', 'car/1-3.jpg', 'train/1-3.jpg'))
    assert folders.classes == ['bus', 'car', 'train'] and folders.notes == [
        'data/train: taken as a class like the other folders in data, because it has no class '
        'folders']
    folders = ImageFolders(lay('Test/1-3.jpg'))
    assert folders.classes == ['Test', 'bus', 'car', 'train'] and len(folders.notes) == 2


def test_a_folder_beside_train_is_said_to_be_unused(lay):
    folders = ImageFolders(lay('train/a/1-3.jpg', 'train/b/1-3.jpg', 'test/a/1.jpg',
                               'extra/x/1-3.jpg', 'notes/a.md', 'labels.csv'))
    assert folders.notes == ['not used: 2 files in data (1 .csv, 1 .md)',
                             'not used: 1 folder in data (data/extra: 3 images)']


def test_test_images_without_classes(lay):
    root = lay('train/a/1-3.jpg', 'train/b/1-3.jpg', 'test/1-3.jpg', 'test/more.jpg')
    folders = ImageFolders(root)
    assert folders.notes == ['not used: 4 images in data/test, not in class folders']
    assert len(folders.split['test']) == 2


def test_images_in_subfolders_belong_to_their_class(lay):
    folders = ImageFolders(lay('train/a/1.jpg', 'train/a/z.jpg', 'train/a/kitchen/new/3.png',
                               'train/b/2019/1.jpg', 'train/b/2020/.hidden/2.jpg',
                               'train/b/2020/list.txt', 'test/b/deep/1.jpg'))
    assert relative(folders.train) == ['train/a/1.jpg', 'train/a/z.jpg',
                                       'train/a/kitchen/new/3.png', 'train/b/2019/1.jpg']
    assert [label for _, label in folders.train.items] == [0, 0, 0, 1]
    assert folders.notes == ['not used: 1 file in data (1 .txt)',
                             '3 images in subfolders of class folders: they belong to the class']


def test_links_that_lead_in_a_circle(lay):
    root = lay('a/1-3.jpg', 'b/1-3.jpg')
    os.symlink(os.path.abspath('data/a'), 'data/a/again')
    os.symlink(os.path.abspath('data'), 'data/b/up')
    assert len(scan.image_files('data/a', scan.Unused())) == 3
    assert len(ImageFolders(root).train) > 0


def test_one_folder_around_the_data_set(lay):
    assert refused(lay('chairs/sofa/1-3.jpg', 'chairs/stool/1-3.jpg')) == (
        'only one class in data (chairs): a classifier needs at least 2 classes, each a folder of '
        'images; or use data/chairs, if these are: sofa, stool')


def test_other_files_are_counted_by_extension(lay):
    folders = ImageFolders(lay('a/1-3.jpg', 'a/1-3.XML', 'a/1.xml', 'a/README', 'a/Thumbs.db',
                               'a/.DS_Store', 'a/desktop.ini', 'b/1-3.jpg', 'b/film.MP4', 'x.jpg',
                               '__MACOSX/a/1.jpg', '.git/HEAD'))
    assert folders.notes == [
        'not used: 7 files in data (4 .xml, 1 .jpg, 1 without extension, 1 .mp4)']


def test_images_that_need_an_extra_are_named(lay, monkeypatch):
    for module in ('scan', 'dataset'):
        monkeypatch.setattr(f'gluon_finetune.data.{module}.UNREADABLE', ('.heic', '.heif'))
    monkeypatch.setattr(scan, 'is_image', lambda name: name.endswith('.jpg'))
    root = lay('a/1-3.jpg', 'a/IMG_1.HEIC', 'b/1-3.jpg', 'b/IMG_2.heif', 'b/x.heic')
    assert ImageFolders(root).notes == [
        f'not used: 3 files in data (2 .heic, 1 .heif); to read .heic, .heif: {HINT}']
    assert refused(lay('c/1.HEIC')).endswith(
        f'files, found 1 other file (1.HEIC); to read .heic: {HINT}')


@pytest.mark.parametrize('results', [['history.csv'], ['checkpoint/000001/weights.params'],
                                     ['best.params', 'pictures.csv', 'torch/model.pth']])
@pytest.mark.parametrize('place', ['run1', 'runs/data', 'a/run1'])
def test_run_directories_are_passed_over(lay, place, results):
    root = lay('a/1-3.jpg', 'b/1-3.jpg')
    before = ImageFolders(root)
    lay(*(f'{place}/{name}' for name in ['config.json', 'labels.json', 'curves.png', *results]))
    folders = ImageFolders(root)
    assert (folders.classes, folders.train.items) == (before.classes, before.train.items)
    assert folders.notes == [f'not used: 1 run directory in data (data/{place})']


def test_a_class_with_a_config_is_no_run(lay):
    folders = ImageFolders(lay('a/1-3.jpg', 'a/config.json', 'a/history.csv', 'b/1-3.jpg'))
    assert folders.classes == ['a', 'b'] and len(folders.notes) == 1


@pytest.mark.parametrize('name, problem', [
    ('stool\t', "'data/stool\\t' has the control character '\\t' in its name"),
    ('stool\r', "'data/stool\\r' has the control character '\\r' in its name"),
    ('st\nool', "'data/st\\nool' has the control character '\\n' in its name"),
    ('\u3000', "'data/\\u3000' has a name that is blank"),
    (os.fsdecode(b'caf\xe9'), "'data/caf\\udce9' has a name that is not valid UTF-8")])
def test_class_folders_with_names_that_cannot_be_used(lay, name, problem):
    assert refused(lay('a/1-3.jpg', f'{name}/1-3.jpg')) == (
        f'class folder {problem}: rename the folder')


def test_class_folders_that_look_the_same(lay):
    assert refused(lay('stool/1-3.jpg', 'stool /1-3.jpg')) == (
        "class folders 'stool' and 'stool ' in data look the same: rename one of them, or merge "
        "them")
    assert refused(lay('train/a/1.jpg', 'train/b/1.jpg', 'test/a /1.jpg')).startswith(
        "unknown class in data/test: 'a '; ")


@pytest.mark.parametrize('name', ['caf\xe9', '한국', 'Ä'])
def test_two_normal_forms_of_a_name_are_one_class(lay, name):
    composed, apart = (unicodedata.normalize(form, name) for form in ('NFC', 'NFD'))
    folders = ImageFolders(lay(f'train/{apart}/1-3.jpg', 'train/b/1-3.jpg',
                               f'test/{composed}/1.jpg', 'test/b/1.jpg'))
    assert folders.classes == sorted([apart, 'b']), 'a run that was started so keeps its names'
    assert [folders.classes[label] for _, label in folders.test.items] == sorted(
        [apart, 'b'], key=folders.classes.index)
    assert folders.notes == [f'class names in data are spelled in two ways that look the same, and '
                             f'taken as one ({composed!a})']
    lay(f'train/{composed}/4.jpg')
    folders = ImageFolders('data')
    assert {same_name(each) for each in folders.classes} == {*folders.classes} == {composed, 'b'}
    assert len(folders.train) == 7 and len(folders.notes) == 1


def test_the_split_of_a_plain_folder_is_that_of_earlier_versions(lay):
    folders = ImageFolders(lay('a/1-3.jpg', 'b/1-3.jpg', 'c/1-3.png'))
    assert folders.split['test'] == EXPECTED_SPLIT


EXPECTED_SPLIT = ['a/2.jpg', 'b/3.jpg', 'c/2.png']
