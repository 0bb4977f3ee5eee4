import pytest
from commands import call

from gluon_finetune.results.evaluate import Evaluation


@pytest.mark.parametrize('words, message', [
    (['--out', 'new', '--data', 'chairs'],
     '--to int8 takes no --out: it writes into the run directory, where predict and evaluate find '
     'it'),
    ([], '--to int8 needs --data: the images the run was trained on')])
def test_wrong_use(run, capsys, words, message):
    assert call(capsys, 'export', run, '--to', 'int8', *words) == (
        2, '', [f'gluon-finetune: {message}'])


def test_int8_prints_the_accuracy_before_and_after(run, chairs, capsys, monkeypatch):
    monkeypatch.setattr('gluon_finetune.export.int8.export_int8', lambda run, folders: 'the file')
    monkeypatch.setattr('gluon_finetune.results.evaluate.evaluate_run',
                        lambda run, folders, dtype: Evaluation(0.75, None, [], 12))
    status, out, _ = call(capsys, 'export', run, '--to', 'int8', '--data', chairs)
    assert status == 0 and out.splitlines() == [
        'the file', 'float32  accuracy 0.750 on 12 images', 'int8     accuracy 0.750 on 12 images']
