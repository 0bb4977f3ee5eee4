"""A run on a folder of images, from Python."""
import os
import shutil
import warnings

import pytest

from gluon_finetune.compat.imports import mx
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.errors import UsageError
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.location import first_free
from gluon_finetune.runs.train_folder import new_path, start_or_resume, train_folder

SMALL = dict(network='mobilenetv2_0.25', scratch=True, image_size=32, batch_size=8, num_epochs=1,
             progress=False)


@pytest.fixture(scope='module')
def trained(chairs, tmp_path_factory):
    """A run of one epoch, its images, and the lines it was notified of."""
    lines, folder = [], tmp_path_factory.mktemp('runs')
    run, folders = train_folder(chairs, folder / 'run', notify=lines.append, **SMALL)
    return run, folders, lines


def test_a_run_is_started(trained, chairs):
    run, folders, lines = trained
    assert [record.epoch for record in run.history] == [1] and folders.root == str(chairs)
    assert run.config.batch_size == 8 and run.config.wd == 0.001 and run.config.seed == 0
    with open(run.file('log.txt')) as file:
        assert file.read().splitlines() == lines
    assert len(lines) == 2 and lines[1].startswith('epoch 1: loss ')


def test_a_run_is_resumed_with_the_options_it_has(trained, chairs, tmp_path):
    copy = shutil.copytree(trained[0].path, tmp_path / 'run')
    run, _ = train_folder(chairs, copy, resume=True, num_epochs=2, progress=False)
    assert [record.epoch for record in run.history] == [1, 2]
    assert run.config.batch_size == 8 and run.config.num_epochs == 2


def test_a_run_to_resume_has_to_be_named(chairs):
    with pytest.raises(UsageError) as error:
        train_folder(chairs, resume=True)
    assert str(error.value) == '--resume needs --out: the run directory to resume'


def test_an_unknown_option_is_an_error(chairs, tmp_path):
    with pytest.raises(UsageError) as error:
        train_folder(chairs, tmp_path / 'run', lr=1)
    assert str(error.value).startswith("unknown option 'lr'; known options: network, source, ")
    assert os.listdir(tmp_path) == []


def test_images_that_cannot_be_decoded_are_skipped_on_request(chairs_copy, tmp_path):
    bad, skipped = chairs_copy / 'train' / 'sofa' / 'text.jpg', []
    bad.write_text('no image')
    options = {name: value for name, value in SMALL.items() if name != 'progress'}
    with pytest.raises(UsageError, match='1 image cannot be used'):
        start_or_resume(chairs_copy, tmp_path / 'run', **options)
    _, run, folders = start_or_resume(chairs_copy, tmp_path / 'run', skip_bad=skipped.append,
                                      **options)
    assert [image.path for image in skipped] == [str(bad)]
    assert len(folders.train) == len(run.manifest) - len(folders.test) == 24


@pytest.fixture
def leaking(chairs_copy):
    """A folder of which 2 of 12 test images are training images, one under another class."""
    shutil.copyfile(chairs_copy / 'train/sofa/3.jpg', chairs_copy / 'test/sofa/0.jpg')
    shutil.copyfile(chairs_copy / 'train/sofa/4.jpg', chairs_copy / 'test/stool/1.jpg')
    return chairs_copy


def test_copies_are_named_when_a_run_starts(leaking, tmp_path):
    lines = []
    run, folders = train_folder(leaking, tmp_path / 'run', notify=lines.append, **SMALL)
    assert lines[1:3] == [
        '2 of 12 test images are copies of training images (test/sofa/0.jpg = train/sofa/3.jpg, '
        'test/stool/1.jpg = train/sofa/4.jpg): they make the test accuracy too high; skip them '
        'with --drop-leaks',
        '1 image has copies in more than one class (train/sofa/4.jpg = test/stool/1.jpg): their '
        'labels contradict each other; keep each in one class']
    assert len(folders.test) == 12
    with open(run.file('log.txt')) as file:
        assert file.read().splitlines() == lines
    lines.clear()
    train_folder(leaking, run.path, resume=True, num_epochs=2, notify=lines.append, progress=False)
    assert len(lines) == 2


def test_leaks_are_skipped_on_request_and_when_the_run_is_resumed(leaking, tmp_path):
    lines = []
    run, folders = train_folder(leaking, tmp_path / 'run', notify=lines.append, drop_leaks=True,
                                **SMALL)
    assert '24 training images' in lines[0] and ' 10 test images;' in lines[0]
    assert lines[1] == (
        '2 of 12 test images are copies of training images (test/sofa/0.jpg = train/sofa/3.jpg, '
        'test/stool/1.jpg = train/sofa/4.jpg): skipped')
    assert len(folders.test) == len(run.original_images(folders).test) == 10
    again, folders = train_folder(leaking, run.path, resume=True, num_epochs=2, progress=False)
    assert len(again.history) == 2 and len(folders.test) == 10
    shutil.copyfile(leaking / 'train/sofa/5.jpg', leaking / 'test/sofa/another-leak.jpg')
    train_folder(leaking, run.path, resume=True, num_epochs=3, progress=False)
    shutil.copyfile(leaking / 'test/sofa/2.jpg', leaking / 'test/sofa/no-leak.jpg')
    with pytest.raises(UsageError, match='1 added .test/sofa/no-leak.jpg.; restore'):
        train_folder(leaking, run.path, resume=True, num_epochs=4, progress=False)


def test_a_corrupt_checkpoint_is_a_warning_without_notify(trained, chairs, tmp_path):
    copy = shutil.copytree(trained[0].path, tmp_path / 'run')
    newest = sorted((copy / 'checkpoint').iterdir())[-1]
    (newest / 'weights.params').write_bytes(b'')
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        start_or_resume(chairs, copy, resume=True)
    assert str(newest) in str(caught[0].message)


def test_the_name_of_a_new_run_is_that_of_its_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert new_path('../photos/chairs/') == os.path.join('runs', 'chairs')
    (tmp_path / 'runs' / 'chairs').mkdir(parents=True)
    (tmp_path / 'runs' / 'chairs-2').symlink_to('nowhere')
    assert new_path('chairs') == os.path.join('runs', 'chairs-3')
    assert first_free('new') == 'new'


@pytest.mark.parametrize('given, message', [
    (dict(network='resnet18v2'),
     "unknown network 'resnet18v2': did you mean resnet18_v2 or resnet18_v1 or se_resnet18_v2?"),
    (dict(source='typo.params'), 'no such weights file: typo.params'),
    (dict(source='resnet18v2'),
     "unknown network 'resnet18v2': did you mean resnet18_v2 or resnet18_v1 or se_resnet18_v2?"),
    (dict(dtype='float16'), 'dtype float16 needs a GPU: on a CPU use float32, or bfloat16 where '
                            'the CPU has AVX-512')])
def test_what_is_cheap_is_checked_before_the_images(tmp_path, given, message):
    with pytest.raises(UsageError) as error:   # a folder that is missing would be the next error
        train_folder(tmp_path / 'nowhere', tmp_path / 'run', devices=[mx.cpu()], **given)
    assert str(error.value) == message and os.listdir(tmp_path) == []


@pytest.mark.parametrize('skip_bad', [None, print])
def test_the_net_is_made_before_the_images_are_decoded(chairs, tmp_path, monkeypatch, skip_bad):
    monkeypatch.setattr(ImageFolders, 'check', lambda *_, **__: pytest.fail('images were decoded'))
    (tmp_path / 'resnet18_v2-mine.params').write_text('not weights')
    with pytest.raises(UsageError, match='resnet18_v2-mine.params'):
        train_folder(chairs, tmp_path / 'run', source=str(tmp_path / 'resnet18_v2-mine.params'),
                     skip_bad=skip_bad)


def test_a_setting_that_may_not_change_is_refused_before_images_are_decoded(
        trained, chairs, monkeypatch):
    monkeypatch.setattr(ImageFolders, 'check', lambda *_, **__: pytest.fail('images were decoded'))
    with pytest.raises(UsageError, match='was started with learning_rate=0.01, not 0.5'):
        train_folder(chairs, trained[0].path, resume=True, skip_bad=print, learning_rate=0.5)


def test_a_run_knows_the_folder_of_its_images(trained, chairs, tmp_path):
    assert trained[0].data == str(chairs)
    copy = shutil.copytree(trained[0].path, tmp_path / 'run')
    moved = shutil.copytree(chairs, tmp_path / 'moved\udcff\nfolder')
    train_folder(moved, copy, resume=True, num_epochs=2, progress=False)
    assert RunDirectory.open(copy).data == str(moved)
    os.remove(copy / 'data.txt')   # an older run
    assert RunDirectory.open(copy).data is None
