import json
import re
import shutil

import pytest
from commands import TRAIN, call


def test_evaluate_prints_the_accuracy_of_the_best_epoch(run, chairs, capsys):
    status, out, _ = call(capsys, 'evaluate', run, chairs, '--json')
    best = float((run / 'history.csv').read_text().splitlines()[1].split(',')[3])
    assert status == 0 and set(json.loads(out)) == {
        'accuracy', 'classes', 'confusion', 'images', 'test_part', 'trained_on', 'new_accuracy',
        'skipped'}
    assert json.loads(out)['accuracy'] == pytest.approx(best)
    status, out, _ = call(capsys, 'evaluate', run, chairs)
    lines = out.splitlines()
    assert status == 0 and lines[0] == f'accuracy {best:.3f} on 12 images of {chairs}'
    assert [line.split()[0] for line in lines[1:]] == ['bench', 'sofa', 'stool']
    assert all(line.endswith(' of 4 correct') for line in lines[1:])


def test_a_run_that_does_not_exist(capsys):
    assert call(capsys, 'evaluate', 'nowhere', 'nowhere') == (2, '', [
        'gluon-finetune: no such run: nowhere (expected a folder that `gluon-finetune train` '
        'wrote)'])


def test_it_says_what_it_counted(run, chairs, tmp_path, capsys):
    """Images of two classes, one of which was trained on and one of which is broken."""
    for name in ('bench', 'stool'):
        shutil.copytree(chairs / 'test' / name, tmp_path / 'later' / name)
    seen = shutil.copy(chairs / 'train' / 'bench' / '0.jpg', tmp_path / 'later' / 'bench' / 'x.jpg')
    bad = tmp_path / 'later' / 'stool' / '0.jpg'
    bad.write_bytes(b'')
    status, out, err = call(capsys, 'evaluate', run, tmp_path / 'later')
    assert (status, out, len(err)) == (2, '', 1) and f'({bad}: the file is empty)' in err[0]
    status, out, err = call(capsys, 'evaluate', run, tmp_path / 'later', '--skip-bad')
    first, second, *lines = out.splitlines()
    assert status == 0 and err == [f'skipped: {bad}: the file is empty']
    assert re.fullmatch(rf'accuracy 0\.\d{{3}} on 8 images of {tmp_path}/later', first)
    assert re.fullmatch(rf'1 of these images was trained on \({seen}\): accuracy [01]\.\d{{3}} on '
                        'the other 7', second)
    assert lines[1] == '  sofa   no images' and lines[2].endswith(' of 3 correct')


def test_images_that_were_all_trained_on(run, chairs, capsys):
    status, out, _ = call(capsys, 'evaluate', run, chairs / 'train')
    names = ', '.join(f'{chairs}/train/bench/{i}.jpg' for i in range(3))
    assert status == 0 and out.splitlines()[1] == (
        f'24 of these images were trained on ({names}, ...): this accuracy says nothing about new '
        f'images')


def test_the_test_part_of_a_split_run(chairs, tmp_path, capsys):
    split, path = shutil.copytree(chairs / 'train', tmp_path / 'pics'), tmp_path / 'run'
    assert call(capsys, 'train', split, '--out', path, *TRAIN)[0] == 0
    status, out, _ = call(capsys, 'evaluate', path, split)
    assert status == 0 and out.splitlines()[0].endswith(
        f' on 6 images of {split}, the test part of the run')
    status, out, _ = call(capsys, 'evaluate', path, chairs)
    assert status == 0 and out.splitlines()[0].endswith(f' on 12 images of {chairs}')
