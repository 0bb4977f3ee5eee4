import json

import pytest
from commands import call


def test_evaluate_prints_the_accuracy_of_the_best_epoch(run, chairs, capsys):
    status, out, _ = call(capsys, 'evaluate', run, chairs, '--json')
    best = float((run / 'history.csv').read_text().splitlines()[1].split(',')[3])
    assert status == 0 and set(json.loads(out)) == {'accuracy', 'classes', 'confusion'}
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
