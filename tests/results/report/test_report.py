"""The page of a report: its parts, names that could break it, and images that are gone."""
import csv
import os
import re
import shutil
import sys
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from made_run import RECORDS, make_run
from messages import message

import gluon_finetune as gf
from gluon_finetune.results.predictions import Predictions, predict_test_images
from gluon_finetune.results.report import curves, write_report
from gluon_finetune.results.run_images import open_run_folders

SECTIONS = ['curves', 'images', 'confusions', 'classes', 'calibration', 'labels', 'copies', 'crops',
            'trained', 'data', 'repeat']
ODD_NAMES = [b'a #1?.jpg', b'50% "off" & <b>.jpg', b'caf\xe9.jpg']
VOID = ['meta', 'link', 'img', 'input', 'wbr', 'br']


class Page(HTMLParser):
    """The tags of a page, all of which must be closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def values(self, tag, name):
        return [attributes[name] for each, attributes in self.tags
                if each == tag and name in attributes]


def text_of(run):
    return Path(run.file('report.html')).read_text('utf-8')


def words_of(run):
    """The text of a page without its tags, each run of blanks as one."""
    body = text_of(run).partition('</head>')[2]
    return ' '.join(re.sub('<[^>]*>', ' ', body).split())


@pytest.fixture(scope='module')
def folders(tmp_path_factory, chairs):
    root = Path(shutil.copytree(chairs, tmp_path_factory.mktemp('report') / 'chairs'))
    for part in ('train', 'test'):
        (root / part / 'stool').rename(root / part / '<script>&')
    names = ODD_NAMES if sys.platform == 'linux' else [b'a #1.jpg']
    for i, name in enumerate(names):
        os.rename(root / 'test' / 'sofa' / f'{i}.jpg',
                  os.path.join(os.fsencode(root), b'test', b'sofa', name))
    shutil.copy(root / 'train' / 'bench' / '0.jpg', root / 'test' / 'bench' / 'again.jpg')
    return gf.ImageFolders(root)


@pytest.fixture(scope='module')
def run(folders, tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp('runs') / '<i>run', folders)
    assert write_report(run, folders) == run.file('report.html')
    return run


def test_the_parts_come_in_the_order_a_person_asks(run):
    assert Page(text_of(run)).values('section', 'id') == SECTIONS


def test_the_page_is_self_contained(run):
    page = Page(text_of(run))
    assert {url[:11] for url in page.values('img', 'src')} == {'data:image/'}
    assert not {tag for tag, _ in page.tags} & {'script', 'link', 'iframe', 'object', 'form'}
    links = page.values('a', 'href')
    assert {url[:5] for url in links} <= {'file:', 'predi'} | {f'#{name}'[:5] for name in SECTIONS}
    policy, = [attributes['content'] for tag, attributes in page.tags
               if attributes.get('http-equiv') == 'Content-Security-Policy']
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert not any(name.startswith('on') for _, attributes in page.tags for name in attributes)


def test_names_are_escaped(run):
    text = text_of(run)
    assert '<script' not in text and '<b>.jpg' not in text and '<title>&lt;i&gt;run' in text
    assert '&lt;script&gt;&amp;' in text


@pytest.mark.skipif(sys.platform != 'linux', reason='file names are any bytes on Linux alone')
def test_links_open_their_images(run, folders):
    urls = [url for url in Page(text_of(run)).values('a', 'href') if url.startswith('file://')]
    paths = {urllib.parse.unquote_to_bytes(url[len('file://'):]) for url in urls}
    assert paths >= {os.fsencode(path) for path, _ in folders.test.items}   # there are 13
    assert all(os.path.isfile(path) for path in paths)
    assert 'test/<wbr>sofa/<wbr>caf\\xe9.jpg' in text_of(run)


def test_the_numbers_are_those_of_the_predictions(run, folders):
    predictions = predict_test_images(run, folders)
    right, total = int(predictions.correct.sum()), len(folders.test)
    words = words_of(run)
    assert f'{right / total:.1%} of {total} test images are classified correctly; the 95%' in words
    assert f'{right} images are right and {total - right} wrong (n = {total}, Wilson' in words
    cells = re.findall(r'<td(?: class="(\w+)")? style="--v:\d\.\d\d">(\d+)</td>', text_of(run))
    assert sum(int(count) for _, count in cells) == total
    assert sum(int(count) for kind, count in cells if kind == 'right') == right


def test_a_leak_is_named_and_counted_apart(run):
    words = words_of(run)
    assert '1 of the test images is a copy of a training image. Of the other 12, ' in words
    assert '1 of 13 test images is a copy of a training image' in words
    assert 'test/bench/again.jpg train/bench/0.jpg' in words


def test_how_the_best_epoch_was_chosen(run):
    assert ('The weights are those of epoch 2 of 3, chosen on the test images: on new images the '
            'accuracy is likely to be a little lower.') in words_of(run)


def test_what_was_trained(run):
    words = words_of(run)
    assert re.search(r'features trained \d+ [\d,]+ 0\.01 to 0\.005 0\.001 ', words)
    assert re.search(r'output layer trained 1 [\d,]+ 0\.1 to 0\.05 0\.001 ', words)
    assert re.search(r'features running statistics \d+ [\d,]+ – – ', words)


def test_the_command_repeats_the_run(run, folders):
    command = re.search('<pre>(.*)</pre>', text_of(run)).group(1)
    assert command == (
        f'gluon-finetune train {folders.root} --out &#39;&lt;i&gt;run-again&#39; --network '
        f'mobilenetv2_0.25 --batch-size 8 --image-size 64 --seed 0')


def test_the_network_is_shown_where_it_looked(run):
    assert 'class="glow"' in text_of(run) and 'is not available' not in words_of(run)


def test_without_maps_the_page_says_why(folders, tmp_path):
    run = make_run(tmp_path / 'run', folders, image_size=32)
    write_report(run, folders)
    reason = ('its output layer does not read the mean of features that have more than one '
              'position at 32x32 pixels.')
    words = words_of(run)
    assert f'Where the network looked is not available for this network: {reason}' in words
    assert 'class="glow"' not in text_of(run)


@pytest.mark.skipif(sys.platform != 'linux', reason='file names are any bytes on Linux alone')
def test_the_table_of_predictions(run, folders):
    with open(run.file('predictions.csv'), encoding='utf-8', errors='surrogateescape',
              newline='') as file:
        heading, *rows = csv.reader(file)
    assert heading == ['file', 'true', 'predicted', 'probability', '<script>&', 'bench', 'sofa']
    assert len(rows) == 13 and 'test/sofa/caf\udce9.jpg' in [row[0] for row in rows]
    for file, true, predicted, probability, *every in rows:
        assert file.split('/')[1] == true and os.path.exists(os.path.join(folders.root, file))
        assert sum(map(float, every)) == pytest.approx(1, abs=1e-4)
        assert float(probability) == max(map(float, every))
        assert predicted == heading[4 + every.index(probability)]


def test_without_validation_images_the_curves_are_of_training_and_test():
    accuracy, loss = curves(gf.History(RECORDS), None)
    assert [line.name for line in accuracy.lines] == ['training', 'test']
    assert [line.name for line in loss.lines] == ['training']


def test_a_baseline_is_found_beside_the_run(folders, tmp_path):
    run = make_run(tmp_path / 'run', folders)
    make_run(tmp_path / 'other', folders, network='mobilenet0.25', scratch=True)
    make_run(tmp_path / 'scratch', folders, RECORDS[:2], scratch=True)
    (tmp_path / 'broken').mkdir()
    for name in ('config.json', 'labels.json', 'history.csv'):
        (tmp_path / 'broken' / name).write_text('no run')
    write_report(run, folders)
    words = words_of(run)
    assert f'The scratch baseline is the run {tmp_path}/scratch: ' in words
    assert 'from scratch 75.0%' in words and 'scratch baseline, test' in words


def test_a_baseline_can_be_named(folders, tmp_path):
    run = make_run(tmp_path / 'run', folders)
    baseline = make_run(tmp_path / 'elsewhere' / 'scratch', folders, scratch=True, image_size=32)
    write_report(run, folders, baseline=baseline)
    assert f'The scratch baseline is the run {baseline.path}: ' in words_of(run)


def test_likely_label_errors_are_named(folders, tmp_path):
    run = make_run(tmp_path / 'run', folders)
    paths, labels = zip(*folders.test.items)
    rows = np.full((13, 3), 0.05)
    rows[range(13), labels] = 0.9
    rows[-1] = [0.02, 0.95, 0.03]   # one of the last class, which the network takes for the second
    write_report(run, folders, predictions=Predictions(paths, labels, rows))
    words = words_of(run)
    assert 'Test images 1 of 13 images. test/ sofa/ ' in words
    assert f'likely {folders.classes[1]} {folders.classes[1]} 95% ' in words


def test_frozen_features(folders, tmp_path):
    run = make_run(tmp_path / 'run', folders, freeze=True)
    write_report(run, folders)
    words = words_of(run)
    assert re.search(r'output layer trained 1 [\d,]+ 0\.1 to 0\.05 0\.001 ', words)
    assert re.search(r'features frozen \d+ [\d,]+ – – ', words)
    assert 'features trained' not in words and 'running statistics' not in words


def test_the_environment_is_on_the_page(run, folders, tmp_path):
    assert 'The run has no note of its versions and machine.' in words_of(run)
    noted = make_run(tmp_path / 'run', folders)
    noted.remember_environment(['cpu(0)'])
    write_report(noted, folders)
    assert f'gluon_finetune {gf.__version__} ' in words_of(noted)
    assert 'devices cpu(0) ' in words_of(noted)


def test_predictions_can_be_given(folders, tmp_path):
    run = make_run(tmp_path / 'run', folders)
    rows = np.eye(3)[[label for _, label in folders.test.items]]
    paths, labels = zip(*folders.test.items)
    write_report(run, folders, predictions=Predictions(paths, labels, rows))
    words = words_of(run)
    assert '100.0% of 13 test images are classified correctly; the 95% interval is 77.2% ' in words
    assert 'No test image is classified wrongly.' in words
    assert 'None among 13 images.' in words


# images gone since the run

@pytest.fixture
def moving(chairs_copy, tmp_path):
    """Images that a test may spoil, and a run on them."""
    return chairs_copy, make_run(tmp_path / 'run', gf.ImageFolders(chairs_copy))


def test_test_images_that_are_gone_are_named(moving):
    root, run = moving
    (root / 'test' / 'sofa' / '1.jpg').unlink()
    (root / 'test' / 'sofa' / '2.jpg').write_text('no image')
    with pytest.warns(UserWarning) as caught:
        write_report(run, open_run_folders(run, str(root)))
    assert [str(each.message) for each in caught if each.category is UserWarning] == [
        f'2 test images of the run cannot be used any more ({root}/test/sofa/1.jpg, '
        f'{root}/test/sofa/2.jpg): the report is about the others']
    words = words_of(run)
    assert ' of 10 test images are classified correctly' in words
    assert '2 test images of the run cannot be used any more and are not counted: which' in words
    assert f'{root}/test/sofa/1.jpg is gone {root}/test/sofa/2.jpg unknown image format' in words


def test_training_images_that_are_gone_are_not_shown(moving):
    root, run = moving
    for path in sorted((root / 'train' / 'sofa').iterdir())[1:]:
        path.unlink()
    write_report(run, open_run_folders(run, str(root)))
    assert '17 images' in words_of(run)


def test_a_folder_without_the_test_images(moving):
    root, run = moving
    shutil.rmtree(root / 'test')
    assert message(open_run_folders, run, str(root), own=True) == (
        f'the test images of {run.path} are not in {root}: 12 of 12 are gone (test/bench/0.jpg, '
        f'test/bench/1.jpg, test/bench/2.jpg, ...); restore them, or give their folder, as in '
        f'gluon-finetune report {run.path} DATA')


def test_a_folder_with_other_images_of_the_same_names(moving, tmp_path):
    root, run = moving
    other = shutil.copytree(root, tmp_path / 'other')
    shutil.copy(other / 'test' / 'sofa' / '1.jpg', other / 'test' / 'sofa' / '2.jpg')
    assert message(open_run_folders, run, str(other), own=True) == (
        f'the test images of {run.path} are not in {other}: the files of these names differ from '
        f'them; restore them, or give their folder, as in gluon-finetune report {run.path} DATA')


def test_no_test_image_that_can_be_read(moving):
    root, run = moving
    for path in (root / 'test').rglob('*.jpg'):
        path.write_text('no image')
    assert message(write_report, run, gf.ImageFolders(root)).startswith(
        f'no test image of {run.path} in {root} can be read (unknown image format')
    assert not os.path.exists(run.file('report.html'))


def test_a_run_without_a_finished_epoch(chairs, tmp_path):
    run = make_run(tmp_path / 'run', gf.ImageFolders(chairs), [])
    assert message(write_report, run, gf.ImageFolders(chairs)) == (
        f'no completed epoch in {run.path}, so no weights to predict with: resume the run with '
        f'--resume')


def test_predicting_needs_only_the_run_directory(run, folders, tmp_path):
    shutil.copytree(run.path, tmp_path / 'elsewhere')
    path = folders.test.items[0][0]
    assert (gf.Predictor.load(str(tmp_path / 'elsewhere'))(path)
            == gf.Predictor.load(run.path)(path))
