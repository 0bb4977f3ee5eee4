import shutil

import pytest

from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.data.formats import EXPECTED_FORMATS
from gluon_finetune.errors import UsageError
from gluon_finetune.results.evaluate import evaluate_run
from gluon_finetune.runs.train_folder import train_folder


@pytest.fixture(scope='module')
def trained(chairs, tmp_path_factory):
    return train_folder(chairs, tmp_path_factory.mktemp('runs') / 'run', network='mobilenetv2_0.25',
                        scratch=True, image_size=32, batch_size=8, num_epochs=1, progress=False)


def test_the_accuracy_is_that_of_the_best_epoch(trained):
    run, folders = trained
    result = evaluate_run(run.path, folders)
    assert result.accuracy == pytest.approx(run.history.best.test_acc)
    assert result.classes == ['bench', 'sofa', 'stool'] and result.images == 12
    assert result.confusion.sum(axis=1).tolist() == [4, 4, 4]
    assert result.confusion.trace() == result.accuracy * 12


def test_other_classes_are_an_error(trained, chairs_copy):
    run, _ = trained
    for part in ('train', 'test'):
        (chairs_copy / part / 'sofa').rename(chairs_copy / part / 'settee')
    with pytest.raises(UsageError) as error:
        evaluate_run(run.path, ImageFolders(chairs_copy))
    assert str(error.value) == (
        f'{chairs_copy} has the classes bench, settee, stool, the run {run.path} has bench, sofa, '
        f'stool: evaluate it on images of the same classes')


def test_images_that_were_trained_on_are_recognised_by_content(trained, chairs, tmp_path):
    """4 new images, and 2 that the run was trained on under other names."""
    run, _ = trained
    shutil.copytree(chairs / 'test' / 'sofa', tmp_path / 'sofa')
    for i in (0, 1):
        shutil.copy(chairs / 'train' / 'sofa' / f'{i}.jpg', tmp_path / 'sofa' / f'copy-{i}.jpg')
    result = evaluate_run(run.path, tmp_path)
    assert result.images == 6 and not result.is_test_part
    assert result.trained_on == tuple(str(tmp_path / 'sofa' / f'copy-{i}.jpg') for i in (0, 1))
    shutil.rmtree(tmp_path / 'sofa')
    shutil.copytree(chairs / 'test' / 'sofa', tmp_path / 'sofa')
    assert result.new_accuracy == evaluate_run(run.path, tmp_path).accuracy


def test_all_of_them_were_trained_on(trained, chairs):
    result = evaluate_run(trained[0].path, chairs / 'train')
    assert result.images == len(result.trained_on) == 24 and result.new_accuracy is None


def test_a_run_without_a_list_of_its_images_recognises_none(trained, chairs, tmp_path):
    copy = shutil.copytree(trained[0].path, tmp_path / 'run')
    (copy / 'pictures.csv').unlink()
    assert evaluate_run(copy, chairs / 'train').trained_on == ()


def test_images_that_cannot_be_decoded_are_an_error_or_skipped(trained, chairs_copy):
    run, bad = trained[0], []
    for path in ('sofa/3.jpg', 'bench/0.jpg'):
        (chairs_copy / 'test' / path).write_text('no image')
    reason = f'unknown image format: expected {EXPECTED_FORMATS}'
    with pytest.raises(UsageError) as error:
        evaluate_run(run.path, chairs_copy)
    assert str(error.value) == (
        f'2 images cannot be used ({chairs_copy}/test/bench/0.jpg: {reason}; '
        f'{chairs_copy}/test/sofa/3.jpg: {reason}): repair or remove the files, or skip them with '
        f'--skip-bad or skip_bad=')
    result = evaluate_run(run.path, str(chairs_copy), skip_bad=bad.append)
    assert result.images == 10 and result.confusion.sum(axis=1).tolist() == [3, 3, 4]
    assert list(result.skipped) == bad and len(bad) == 2


def test_no_image_is_left(trained, tmp_path):
    (tmp_path / 'sofa').mkdir()
    (tmp_path / 'sofa' / 'a.jpg').write_text('no image')
    with pytest.raises(UsageError) as error:
        evaluate_run(trained[0].path, tmp_path, skip_bad=lambda image: None)
    assert str(error.value) == (f'no images to evaluate {trained[0].path} on are left in '
                                f'{tmp_path}')
