import shutil

import numpy as np
import pytest

from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.export import check
from gluon_finetune.results.predict import Predictor
from gluon_finetune.runs.directory import RunDirectory


@pytest.fixture
def reference(trained):
    return check.reference_of(trained)


@pytest.fixture
def copy(trained, tmp_path):
    """A copy of the run that a test may change."""
    return RunDirectory.open(shutil.copytree(trained.path, tmp_path / 'copy'))


def test_the_images_are_those_of_the_run(reference, trained, paths):
    assert reference.paths == paths
    assert reference.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    rows = np.exp(reference.outputs)
    expected = Predictor.load(trained.path).probabilities(list(reference.pixels()))
    assert np.allclose(rows / rows.sum(axis=1, keepdims=True), expected, atol=1e-5)
    assert reference.X.shape == (12, 3, 32, 32)


def test_some_of_many_images_from_every_class(trained, monkeypatch):
    monkeypatch.setattr(check, 'MAX_IMAGES', 5)
    assert check.reference_of(trained).labels.tolist() == [0, 0, 1, 2]


def test_images_that_cannot_be_read_are_passed_over(trained, chairs_copy):
    (chairs_copy / 'test' / 'sofa' / '0.jpg').write_bytes(b'')
    for data in (chairs_copy, ImageFolders(chairs_copy)):
        assert len(check.reference_of(trained, data).paths) == 11


def test_no_image_can_be_read(trained, chairs_copy):
    folders = ImageFolders(chairs_copy)
    for path, _ in folders.test.items:
        open(path, 'w').close()
    for data in (chairs_copy, folders):
        with pytest.raises(UsageError) as error:
            check.reference_of(trained, data)
        assert str(error.value) == (
            f'{chairs_copy} has no readable images to check the export with: name a folder of '
            f'images of the same classes with --data')


def test_the_images_of_the_run_are_gone(copy):
    copy.remember_data('/gone/chairs')
    with pytest.raises(UsageError) as error:
        check.reference_of(copy)
    assert str(error.value) == (
        f'the images of {copy.path} are no longer in /gone/chairs: name a folder with images of '
        f'the same classes with --data, to check the export')


def test_a_run_that_has_noted_no_folder(copy, tmp_path):
    (tmp_path / 'copy' / 'data.txt').unlink()
    with pytest.raises(UsageError) as error:
        check.reference_of(copy)
    assert str(error.value) == (f'{copy.path} has no note of the folder of its images: name it '
                                f'with --data, to check the export')


def test_the_difference_is_a_share_of_the_largest_output(reference):
    lines = []
    reference = reference._replace(outputs=np.array([[4.0, -8], [2, 1]]))
    check.check_outputs('torch', reference, np.array([[4.0, -8], [2, 1.4]]), 0.06, lines.append)
    assert lines == ['torch: largest difference from the network of the run 5.0e-02 of its '
                     'largest output, on 2 images (tolerance 0.06)']


@pytest.mark.parametrize('value, said', [(1.4, '5.0e-02'), (np.nan, 'nan')])
def test_a_difference_above_the_tolerance(reference, value, said):
    reference = reference._replace(outputs=np.array([[4.0, -8], [2, 1]]))
    with pytest.raises(WorkError) as error:
        check.check_outputs('torch', reference, np.array([[4.0, -8], [2, value]]), 0.04)
    assert str(error.value) == (
        f'torch: largest difference from the network of the run {said} of its largest output, on '
        f'2 images: more than the tolerance of 0.04, nothing was written')


@pytest.mark.parametrize('images, wrong, lost', [(50, 1, False), (50, 2, True), (200, 2, False),
                                                 (200, 3, True)])
def test_one_point_of_accuracy_may_be_lost(reference, images, wrong, lost):
    outputs = np.array([[1.0, 0]] * images)
    reference = reference._replace(outputs=outputs, labels=np.zeros(images))
    worse, lines = outputs.copy(), []
    worse[:wrong] = 0, 1
    said = (f'int8: accuracy {1 - wrong / images:.3f}, float32 1.000, on {images} images; largest '
            f'difference 1.0e+00 of the largest output')
    if lost:
        with pytest.raises(WorkError) as error:
            check.check_accuracy('int8', reference, worse, lines.append)
        assert str(error.value) == f'{said}: more than one point is lost, nothing was written'
    else:
        check.check_accuracy('int8', reference, worse, lines.append)
        assert lines == [said]
