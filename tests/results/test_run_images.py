"""Which images of a folder a run is evaluated on, and its own folder, wherever it lies."""
import os
import shutil
from pathlib import Path

import pytest
from messages import message

from gluon_finetune.config import Config
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.results.run_images import open_run_folders, select_images
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.train_folder import start_or_resume

SMALL = dict(network='mobilenetv2_0.25', scratch=True, image_size=32)


def selected(run, data):
    """The paths relative to the folder, with the name of the class in the run, and is_test_part."""
    items, is_test_part = select_images(run, data)
    root = data.root if isinstance(data, ImageFolders) else data
    return sorted((os.path.relpath(path, root), run.classes[label])
                  for path, label in items), is_test_part


def expected(root, *folders):
    return sorted((str(path.relative_to(root)), path.parent.name)
                  for folder in folders for path in (Path(root) / folder).rglob('*.jpg'))


@pytest.fixture(scope='module')
def layouts(chairs, tmp_path_factory):
    """`split`: class folders alone; `two`: train/ and test/; and a run of each, not trained."""
    root = tmp_path_factory.mktemp('layouts')
    shutil.copytree(chairs / 'train', root / 'split')
    shutil.copytree(chairs, root / 'two')
    return root, {name: start_or_resume(root / name, root / f'run-{name}', **SMALL)[1]
                  for name in ('split', 'two')}


@pytest.fixture
def later(chairs, tmp_path):
    return Path(shutil.copytree(chairs / 'test', tmp_path / 'later'))


def test_its_own_folder_is_its_test_part(layouts):
    root, runs = layouts
    test_part = sorted((path, path.split('/')[0]) for path in runs['split'].split['test'])
    assert selected(runs['split'], str(root / 'split')) == (test_part, True)
    assert selected(runs['split'], ImageFolders(root / 'split', seed=5))[1]
    assert selected(runs['two'], str(root / 'two')) == (expected(root / 'two', 'test'), False)


@pytest.mark.parametrize('names', [('train', 'val'), ('Training', 'Testing')])
def test_its_own_folder_is_its_test_part_under_other_names(chairs, tmp_path, names):
    for part, name in zip(('train', 'test'), names):
        shutil.copytree(chairs / part, tmp_path / 'in' / name)
    run = start_or_resume(tmp_path / 'in', tmp_path / 'run', **SMALL)[1]
    assert selected(run, tmp_path / 'in') == (expected(tmp_path / 'in', names[1]), True)


def test_the_images_of_another_folder_with_a_validation_part(layouts, chairs, tmp_path):
    for part in ('train', 'test'):   # which the run has not seen
        shutil.copytree(chairs / part, tmp_path / 'new', dirs_exist_ok=True, copy_function=(
            lambda source, target, part=part: shutil.copy(source, f'{target[:-4]}-{part}.jpg')))
    folders = ImageFolders(tmp_path / 'new', val_fraction=0.3)
    assert selected(layouts[1]['split'], folders) == (expected(tmp_path / 'new', '.'), False)


@pytest.mark.parametrize('name', ['split', 'two'])
def test_every_image_of_class_folders(layouts, later, name):
    run = layouts[1][name]
    assert selected(run, str(later)) == (expected(later, '.'), False)
    assert len(selected(run, ImageFolders(later))[0]) == 12
    for gone in ('sofa', 'bench'):
        shutil.rmtree(later / gone)
        assert selected(run, f'{later}/') == (expected(later, '.'), False)


@pytest.mark.parametrize('name', ['split', 'two'])
@pytest.mark.parametrize('parts, used', [
    (['test'], ['test']), (['train', 'test'], ['test']), (['train'], ['train']),
    (['train', 'valid'], ['train', 'valid']), (['Train', 'Test'], ['Test'])])
def test_the_parts_of_another_folder(layouts, later, tmp_path, name, parts, used):
    for part in parts:
        shutil.copytree(later, tmp_path / 'new' / part)
    assert selected(layouts[1][name], str(tmp_path / 'new')) == (
        expected(tmp_path / 'new', *used), False)


def test_a_copy_of_its_own_folder_is_known_by_its_content(layouts, tmp_path):
    root, runs = layouts
    copy = shutil.copytree(root / 'split', tmp_path / 'copy')
    shutil.copy(copy / 'sofa' / '0.jpg', copy / 'sofa' / 'later.jpg')
    assert selected(runs['split'], copy)[1]
    first = copy / runs['split'].split['test'][0]
    shutil.copy(copy / runs['split'].split['train'][0], first)
    images, is_test_part = selected(runs['split'], copy)
    assert not is_test_part and len(images) == 25


def test_its_own_folder_may_lack_a_test_image(layouts, tmp_path):
    root, runs = layouts
    place = shutil.copytree(root / 'split', tmp_path / 'place')
    run = RunDirectory.open(shutil.copytree(runs['split'].path, tmp_path / 'run'))
    run.remember_data(place)
    gone = run.split['test'][0]
    (place / gone).unlink()
    images, is_test_part = selected(run, str(place))
    assert is_test_part and [path for path, _ in images] == run.split['test'][1:]
    assert [len(part) for part in (open_run_folders(run, place).train,
                                   open_run_folders(run, place).test)] == [18, 5]


def test_the_images_of_the_run_without_what_came_later(layouts, tmp_path):
    root, runs = layouts
    copy = shutil.copytree(root / 'two', tmp_path / 'copy')
    shutil.copy(copy / 'test' / 'sofa' / '0.jpg', copy / 'test' / 'sofa' / 'later.jpg')
    assert len(open_run_folders(runs['two'], copy).test) == 12
    assert len(selected(runs['two'], copy)[0]) == 13


def test_a_class_may_be_called_test(chairs, tmp_path):
    for name in ('pics', 'later'):
        shutil.copytree(chairs / 'test', tmp_path / name)
        (tmp_path / name / 'sofa').rename(tmp_path / name / 'test')
    run = RunDirectory.create(tmp_path / 'run', Config(), ['bench', 'stool', 'test'])
    assert selected(run, tmp_path / 'later')[0] == expected(tmp_path / 'later', '.')


@pytest.mark.parametrize('own, other', [('caf\xe9', 'cafe\u0301'), ('cafe\u0301', 'caf\xe9')])
def test_two_spellings_of_a_name_are_one_class(chairs, tmp_path, own, other):
    root, later = (shutil.copytree(chairs, tmp_path / name) for name in ('root', 'later'))
    for folder, name in ((root, own), (later, other)):
        for part in ('train', 'test'):
            (folder / part / 'sofa').rename(folder / part / name)
    run = start_or_resume(root, tmp_path / 'run', **SMALL)[1]
    assert run.classes == ['bench', own, 'stool']
    for data in (str(later), ImageFolders(later), str(later / 'test')):
        items, _ = select_images(run, data)
        names = {Path(path).parent.name: label for path, label in items}
        assert len(items) == 12 and names == {'bench': 0, other: 1, 'stool': 2}


@pytest.mark.parametrize('change, text', [
    (lambda later: (later / 'sofa').rename(later / 'couch'),
     'unknown class in {}: couch; the training classes are bench, sofa, stool: rename or remove '
     'the folder'),
    (shutil.rmtree, 'no such folder: {}: expected a folder with test/<class>/, or with one folder '
                    'of images per class, such as bench, sofa, stool')])
def test_folders_that_cannot_be_used(layouts, later, change, text):
    change(later)
    assert message(select_images, layouts[1]['two'], later) == text.format(later)
