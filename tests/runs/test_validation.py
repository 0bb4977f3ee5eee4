"""Validation images choose the best epoch of a run; the test images are not read until its end."""
import json
import os
import shutil
from pathlib import Path

import pytest

from gluon_finetune.config import Config
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.loader import ImageLoader
from gluon_finetune.errors import UsageError
from gluon_finetune.files.hashing import file_sha256
from gluon_finetune.results.evaluate import evaluate_run
from gluon_finetune.results.report import predict_test_images, write_report
from gluon_finetune.results.run_images import open_run_folders
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.train import start_run
from gluon_finetune.runs.train_folder import start_or_resume, train_folder

SMALL = dict(network='mobilenetv2_0.25', scratch=True, image_size=32, batch_size=8)


def train(data, out, **options):
    return train_folder(data, out, progress=False, **options)


def parts(run):
    return [part for part, _, _ in run.manifest]


def untimed(history):
    return [record._replace(seconds=0, examples_per_sec=0) for record in history]


def weights(run):
    return file_sha256(run.last().weights)


@pytest.fixture
def accuracies(monkeypatch):
    """Makes the accuracies of the epochs those in a list."""
    def set_accuracies(values):
        values = iter(values)
        monkeypatch.setattr('gluon_finetune.training.loop.evaluate_accuracy',
                            lambda *_: next(values))
    return set_accuracies


def test_the_best_epoch_is_that_of_the_validation_images(chairs_val, tmp_path, accuracies):
    accuracies([0.5, 0.9, 0.7])
    lines, after = [], []
    run, folders = train(chairs_val, tmp_path / 'run', num_epochs=2, notify=lines.append, **SMALL)
    after.append(weights(run))
    run, folders = train(chairs_val, run.path, num_epochs=3, resume=True, notify=lines.append)
    assert lines[0] == (f'mobilenetv2_0.25 on 24 training images of 3 classes, 9 validation and 12 '
                        f'test images; run directory: {run.path}')
    assert [record.val_acc for record in run.history] == [0.5, 0.9, 0.7]
    assert run.history.best.epoch == 2 and file_sha256(run.best_weights) == after[0]
    header = Path(run.file('history.csv')).read_text().splitlines()[0]
    assert header == 'epoch,loss,train_acc,examples_per_sec,seconds,learning_rate,val_acc'
    assert parts(run) == ['train'] * 24 + ['test'] * 12 + ['val'] * 9


def test_test_images_are_not_read_by_training(chairs_val, tmp_path, monkeypatch):
    read, prepare = set(), ImageLoader.prepare

    def noted(self, index, key, out):
        read.add(os.path.relpath(self.items[index][0], chairs_val).split(os.sep)[0])
        prepare(self, index, key, out)
    monkeypatch.setattr(ImageLoader, 'prepare', noted)
    run, _ = train(chairs_val, tmp_path / 'run', num_epochs=1, **SMALL)
    assert read == {'train', 'val'} and run.history[0].is_validated


def test_the_report_and_the_evaluation_use_the_test_images(chairs_val, tmp_path):
    run, folders = train(chairs_val, tmp_path / 'run', num_epochs=1, **SMALL)
    acc = predict_test_images(run, folders).accuracy
    with open(write_report(run, folders), encoding='utf-8') as page:
        assert f'{acc:.1%} of 12 test images are classified' in page.read()
    assert evaluate_run(run.path, chairs_val).accuracy == acc
    assert len(open_run_folders(run, chairs_val).test) == 12


def test_validation_images_that_cannot_be_decoded_are_skipped_on_request(chairs_val_copy, tmp_path):
    bad, skipped = chairs_val_copy / 'val' / 'sofa' / 'text.jpg', []
    bad.write_text('no image')
    with pytest.raises(UsageError, match=f'1 image cannot be used .{bad}: '):
        start_or_resume(chairs_val_copy, tmp_path / 'run', **SMALL)
    _, run, folders = start_or_resume(chairs_val_copy, tmp_path / 'run', skip_bad=skipped.append,
                                      **SMALL)
    assert [image.path for image in skipped] == [str(bad)]
    assert len(folders.val) == parts(run).count('val') == 9


@pytest.mark.faults
def test_a_test_image_that_breaks_during_training_is_skipped_on_request(chairs_val_copy, tmp_path):
    run, folders = train(chairs_val_copy, tmp_path / 'run', num_epochs=1, on_bad='skip', **SMALL)
    gone = chairs_val_copy / 'test' / 'sofa' / '1.jpg'
    gone.unlink()
    with pytest.warns(UserWarning, match='^1 test image of the run cannot be used any more .'):
        written = write_report(run, folders)
    with open(written, encoding='utf-8') as page:
        content = page.read()
    assert ' of 11 test images ' in content and str(gone) in content


@pytest.mark.faults
def test_a_validation_image_that_breaks_during_training(chairs_val_copy, tmp_path):
    run, _ = train(chairs_val_copy, tmp_path / 'run', num_epochs=1, **SMALL)
    gone = chairs_val_copy / 'val' / 'sofa' / '1.jpg'
    gone.unlink()
    with pytest.raises(UsageError) as error:
        train(chairs_val_copy, run.path, num_epochs=2, resume=True)
    assert str(error.value) == (
        f'the images in {chairs_val_copy} are not those that {run.path} was started with: 1 '
        f'missing (val/sofa/1.jpg); restore the original images')
    run, _ = train(chairs_val_copy, run.path, num_epochs=2, resume=True, on_bad='skip')
    assert list(run.skipped) == [str(gone)] and run.history[1].is_validated
    shutil.rmtree(chairs_val_copy / 'val')
    run, _ = start_or_resume(chairs_val_copy, run.path, resume=True, num_epochs=3)[1:]
    assert len(run.original_images(ImageFolders(chairs_val_copy)).val) == 9


def test_leaks_are_skipped_on_request_and_when_the_run_is_resumed(chairs_val_copy, tmp_path):
    for source, target in (('train/sofa/3.jpg', 'val/sofa/0.jpg'),
                           ('train/sofa/4.jpg', 'test/sofa/0.jpg'),
                           ('val/stool/1.jpg', 'test/stool/1.jpg')):
        shutil.copyfile(chairs_val_copy / source, chairs_val_copy / target)
    run, folders = train(chairs_val_copy, tmp_path / 'run', num_epochs=1, drop_leaks=True, **SMALL)
    assert len(folders.val) == parts(run).count('val') == 8
    assert len(folders.test) == parts(run).count('test') == 10
    with open(write_report(run, folders), encoding='utf-8') as page:
        assert ' of 10 test images ' in page.read()
    assert len(open_run_folders(run, chairs_val_copy).test) == 10
    run, folders = train(chairs_val_copy, run.path, num_epochs=2, resume=True)
    assert folders.counts == '24 training, 8 validation and 10 test images'


def test_a_run_from_before_validation_ignores_a_validation_folder(
        chairs, chairs_val_copy, tmp_path):
    expected, _ = train(chairs, tmp_path / 'unbroken', num_epochs=2, **SMALL)
    run, _ = train(chairs, tmp_path / 'run', num_epochs=1, **SMALL)
    forget_val_fraction(run)
    (chairs_val_copy / 'val' / 'sofa' / 'text.jpg').write_text('no image')
    run, folders = train(chairs_val_copy, run.path, num_epochs=2, resume=True)
    assert untimed(run.history) == untimed(expected.history) and folders.val is None
    assert weights(run) == weights(expected)
    assert file_sha256(run.best_weights) == file_sha256(expected.best_weights)
    assert evaluate_run(run.path, chairs_val_copy).accuracy == run.history.best.test_acc
    with open(write_report(run, open_run_folders(run, chairs_val_copy)), encoding='utf-8') as page:
        assert 'chosen on the test images: on new images' in page.read()
    with pytest.raises(UsageError) as error:
        train(chairs_val_copy, run.path, num_epochs=3, resume=True, val_fraction=0.5)
    assert str(error.value).startswith(f'{run.path} was started with val_fraction=0, not 0.5: ')


def test_a_run_without_a_list_of_its_images_ignores_a_validation_folder(chairs, chairs_val,
                                                                        tmp_path):
    run, _ = train(chairs, tmp_path / 'run', num_epochs=1, **SMALL)
    os.remove(run.file('pictures.csv'))
    assert RunDirectory.open(run.path).original_images(ImageFolders(chairs_val)).val is None


def forget_val_fraction(run):
    """Make the files of a run those of a version that had no `val_fraction`."""
    for path in Path(run.path).rglob('*.json'):
        if path.name in ('config.json', 'state.json'):
            value, before = json.loads(path.read_text()), file_sha256(path)
            del (value['identity']['config'] if 'identity' in value else value)['val_fraction']
            path.write_text(json.dumps(value))
            sums = path.parent / 'SHA256SUMS'
            if sums.exists():
                sums.write_text(sums.read_text().replace(before, file_sha256(path)))


@pytest.mark.parametrize('layout', ['test folder', 'class folders'])
def test_a_fraction_of_the_training_images(chairs, tmp_path, layout):
    data = tmp_path / 'in'
    shutil.copytree(chairs if layout == 'test folder' else chairs / 'train', data)
    expected, _ = train(data, tmp_path / 'unbroken', num_epochs=2, val_fraction=0.25, **SMALL)
    _, run, folders = start_or_resume(data, tmp_path / 'run', val_fraction=0.25, seed=7, **SMALL)
    split = json.loads(Path(run.file('split.json')).read_text())
    assert split == expected.split == folders.split   # the same with every seed of the run
    assert folders.counts == ('18 training, 6 validation and 12 test images' if 'test' in layout
                              else '12 training, 6 validation and 6 test images')
    assert ('test' in split) == (layout == 'class folders')

    run, _ = train(data, tmp_path / 'parts', num_epochs=1, val_fraction=0.25, **SMALL)
    run, _ = train(data, run.path, num_epochs=2, resume=True)
    assert untimed(run.history) == untimed(expected.history) and weights(run) == weights(expected)
    with pytest.raises(UsageError, match='was started with val_fraction=0.25, not 0.5'):
        train(data, run.path, num_epochs=3, resume=True, val_fraction=0.5)

    tested = evaluate_run(run.path, data)
    assert tested.images == len(folders.test) and not tested.trained_on
    assert tested.is_test_part == (layout == 'class folders')
    assert open_run_folders(run, data).counts == folders.counts
    os.remove(folders.val.items[0][0])
    run, now = train(data, run.path, num_epochs=3, resume=True, on_bad='skip')
    assert len(run.history) == 3 and len(now.val) == 5


def test_the_chapters_images_are_resumed_with_their_split(chairs, tmp_path, monkeypatch):
    monkeypatch.setenv('GLUON_FINETUNE_DATA', str(chairs))
    run, _ = train('hotdog', tmp_path / 'run', num_epochs=1, val_fraction=0.25, **SMALL)
    run, folders = train('hotdog', run.path, num_epochs=2, resume=True, on_bad='skip')
    assert len(run.history) == 2 and len(folders.val) == 6
    assert open_run_folders(run, 'hotdog').counts == folders.counts


def test_a_fraction_of_images_that_were_opened_without(chairs, tmp_path):
    config = Config(num_epochs=1, val_fraction=0.25, **SMALL)
    with pytest.raises(UsageError) as error:
        start_run(tmp_path / 'run', config, ImageFolders(chairs))
    assert str(error.value) == (
        f'val_fraction is 0.25, but {chairs} was opened without validation images: give '
        f'val_fraction= to ImageFolders, too')
    assert os.listdir(tmp_path) == []
    _, run = start_run(tmp_path / 'run', config, ImageFolders(chairs, val_fraction=0.25))
    assert parts(run).count('val') == 6


@pytest.mark.mxnet1   # whose graphs can be cut
def test_cached_features_of_validation_images(chairs_val, tmp_path, tiny_source):
    options = {**SMALL, 'network': None, 'scratch': False, 'source': tiny_source, 'freeze': True}
    cached, _ = train(chairs_val, tmp_path / 'cached', num_epochs=1, **options)
    fresh, _ = train(chairs_val, tmp_path / 'fresh', num_epochs=1, views=0, **options)
    assert cached.history[0].val_acc == pytest.approx(fresh.history[0].val_acc)
