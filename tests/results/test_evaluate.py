import pytest

from gluon_finetune.data.folders import ImageFolders
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
