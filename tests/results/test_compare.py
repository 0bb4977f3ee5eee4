"""Runs side by side, from the files in their directories alone."""
import os

import numpy as np
import pytest
from made_run import RECORDS, make_run
from messages import message

from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.results.compare import compare_runs, write_comparison
from gluon_finetune.results.metrics import McNemar
from gluon_finetune.results.predictions import Predictions, write_predictions


def answer(run, folders, right):
    """Write predictions of which those of the first `right` test images are correct."""
    paths, labels = zip(*folders.test.items)
    predicted = [label if i < right else (label + 1) % 3 for i, label in enumerate(labels)]
    write_predictions(run.file('predictions.csv'),
                      Predictions(paths, labels, np.eye(3)[predicted]), run.classes, folders)


@pytest.fixture
def folders(chairs):
    return ImageFolders(chairs)


@pytest.fixture
def runs(folders, tmp_path):
    """Two runs on the same images, with 11 and 4 of 12 right."""
    first = make_run(tmp_path / 'first', folders)
    second = make_run(tmp_path / 'second', folders, RECORDS[:1], learning_rate=0.1, seed=1)
    answer(first, folders, 11)
    answer(second, folders, 4)
    return first, second


def test_two_runs(runs):
    comparison = compare_runs([run.path for run in runs])
    first, second = comparison.runs
    assert first[:6] == ('first', 'mobilenetv2_0.25', 3, 2, 11 / 12, 12)
    assert second[:6] == ('second', 'mobilenetv2_0.25', 1, 1, 4 / 12, 12)
    assert first.interval == pytest.approx((0.646, 0.985), abs=1e-3)
    assert [each for each in comparison.settings] == [
        ('--lr', ['0.01', '0.1'])]
    pair, = comparison.pairs
    assert pair == ('first', 'second', McNemar(4, 7, 0, 1, pytest.approx(2 / 2 ** 7)), '')
    assert [chart.title for chart in comparison.charts] == [
        'test accuracy', 'training accuracy', 'training loss']
    assert [line.name for line in comparison.charts[0].lines] == ['first', 'second']


def test_runs_that_are_called_alike(runs, tmp_path, folders):
    other = make_run(tmp_path / 'more' / 'first', folders)
    names = [run.name for run in compare_runs([runs[0].path, other.path]).runs]
    assert names == [f'{tmp_path.name}/first', 'more/first']


def test_without_predictions_there_is_no_test(runs, folders, tmp_path):
    bare = make_run(tmp_path / 'bare', folders)
    comparison = compare_runs([runs[0].path, bare.path])
    assert comparison.runs[1].problem == (
        f'no predictions.csv: make it with gluon-finetune report {bare.path}')
    assert comparison.runs[1][4:7] == (0.75, None, None)
    assert comparison.pairs[0][2:] == (None, 'predictions are missing')


def test_predictions_of_other_weights_do_not_count(runs):
    os.utime(runs[1].best_weights, (4e9, 4e9))
    comparison = compare_runs([run.path for run in runs])
    assert comparison.runs[1].problem == (
        f'predictions.csv is older than the weights: make it again with gluon-finetune report '
        f'{runs[1].path}')


@pytest.mark.parametrize('change', ['name', 'content'])
def test_other_test_images(runs, chairs_copy, tmp_path, change):
    image = chairs_copy / 'test' / 'sofa' / '0.jpg'
    if change == 'name':
        image.rename(image.with_name('new.jpg'))
    else:
        image.write_bytes(image.with_name('1.jpg').read_bytes())
    folders = ImageFolders(chairs_copy)
    other = make_run(tmp_path / 'other', folders)
    answer(other, folders, 5)
    pair, = compare_runs([runs[0].path, other.path]).pairs
    assert pair[2:] == (None, 'their test images are not the same')


def test_wrong_use(runs, folders, tmp_path):
    first, second = (run.path for run in runs)
    assert message(compare_runs, [first]) == 'comparing takes at least 2 runs, not 1'
    assert message(compare_runs, [first, second, first]) == (
        f'{first} is named twice: give each run once')
    new = make_run(tmp_path / 'new', folders, [])
    assert message(compare_runs, [first, new.path]) == (
        f'no completed epoch in {new.path}, so no weights to predict with: resume the run with '
        f'--resume')


def test_the_page(runs, folders, tmp_path):
    odd = make_run(tmp_path / '<script>', folders)
    write_comparison(tmp_path / 'page.html', compare_runs([runs[0].path, runs[1].path, odd.path]))
    page = (tmp_path / 'page.html').read_text('utf-8')
    assert '<script' not in page and '&lt;script&gt;' in page
    assert '<strong>0.016</strong>' in page and '<code>--lr</code>' in page
    assert page.count('class="series"') == 3 * (3 + 3)   # of each chart, and of its legend
