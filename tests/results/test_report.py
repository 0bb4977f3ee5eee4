import re
import shutil

import numpy as np
import pytest

import gluon_finetune as gf
from gluon_finetune.errors import UsageError
from gluon_finetune.results.report import _confusion, _skipped

CONFIG = gf.Config(network='mobilenetv2_0.25', scratch=True, batch_size=8, num_epochs=1,
                   image_size=32)


@pytest.fixture(scope='module')
def run_and_folders(tmp_path_factory, chairs):
    root = tmp_path_factory.mktemp('report') / 'chairs'
    shutil.copytree(chairs, root)
    for part in ('train', 'test'):
        (root / part / 'stool').rename(root / part / '<b>stool&')
    folders = gf.ImageFolders(root)
    net, run = gf.start_run(str(root.parent / '<i>run'), CONFIG, folders)
    list(gf.train_run(net, run, folders, progress=False))
    gf.write_report(run, folders)
    return run, folders


@pytest.fixture
def page(run_and_folders):
    with open(run_and_folders[0].file('report.html'), encoding='utf-8') as file:
        return file.read()


def test_names_are_escaped(page):
    assert '<b>' not in page and '<i>' not in page
    assert '&lt;b&gt;stool&amp;' in page and '<title>&lt;i&gt;run</title>' in page


def test_the_page_is_self_contained(page):
    assert re.findall('src="(.{16})', page) == (
        ['data:image/png;b'] + ['data:image/jpeg;'] * 12)
    assert 'href' not in page and '<script' not in page


def test_the_numbers_are_those_of_the_run(page, run_and_folders):
    run, folders = run_and_folders
    right = round(run.history.best.test_acc * len(folders.test))
    acc = run.history.best.test_acc
    assert (f'{right} of {len(folders.test)} test images classified correctly ({acc:.3f}) with the '
            f'weights of epoch 1, chosen on the test images.') in page
    assert '<th>test_acc</th>' in page and '<th>val_acc</th>' not in page
    counts = re.search('Test images</h2>.*?</table>', page, re.DOTALL).group()
    assert sum(map(int, re.findall(r'<td>(\d+)</td>', counts))) == len(folders.test)


def test_predict_needs_only_the_run_directory(run_and_folders, tmp_path):
    run, folders = run_and_folders
    shutil.copytree(run.path, tmp_path / 'elsewhere')
    path = folders.test.items[0][0]
    assert (gf.Predictor.load(str(tmp_path / 'elsewhere'))(path)
            == gf.Predictor.load(run.path)(path))


def test_a_run_without_a_completed_epoch_cannot_predict(tmp_path, chairs):
    _, run = gf.start_run(str(tmp_path / 'run'), CONFIG, gf.ImageFolders(chairs))
    with pytest.raises(UsageError) as error:
        gf.Predictor.load(run.path)
    assert str(error.value) == (f'no completed epoch in {run.path}, so no weights to predict with: '
                                f'resume the run with --resume')


def test_skipped_images_are_listed():
    assert _skipped({}) == ''
    assert _skipped({'a<1>.jpg': 'is truncated'}) == (
        '<h2>Skipped images</h2><p>Images that could not be read in at least one epoch: 1.</p>'
        '<table><tr><th>image</th><th>reason</th></tr>'
        '<tr><td>a&lt;1&gt;.jpg</td><td>is truncated</td></tr></table>\n')


def test_test_images_have_captions_of_the_page(page):
    captions = re.findall('<figcaption.*?>(.*?)</figcaption>', page, re.DOTALL)
    assert len(captions) == 12
    assert all(re.fullmatch(r'(bench|sofa|&lt;b&gt;stool&amp;) [01]\.\d\d(\nis .*)?', caption)
               for caption in captions)


def test_the_matrix_of_many_classes_is_not_written_out():
    classes = [f'<{number}>' for number in range(1000)]
    counts = np.eye(1000, dtype=int) * 5
    counts[3, 4], counts[4, 3], counts[7, 9] = 2, 1, 3
    assert _confusion(classes, counts) == (
        '<p>The 3 most frequent of 3 confusions of 1000 classes; <code>gluon-finetune evaluate '
        '--json</code> gives the complete matrix.</p><table><tr><th>true class</th><th>predicted '
        'class</th><th>images</th></tr><tr><td>&lt;7&gt;</td><td>&lt;9&gt;</td><td>3</td></tr>'
        '<tr><td>&lt;3&gt;</td><td>&lt;4&gt;</td><td>2</td></tr><tr><td>&lt;4&gt;</td><td>&lt;3&gt;'
        '</td><td>1</td></tr></table>')
    counts[:] = 1
    assert len(_confusion(classes, counts)) < 10_000
