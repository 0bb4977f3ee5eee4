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


def test_images_that_cannot_be_decoded_are_skipped_on_request(run, chairs_copy, capsys,
                                                              monkeypatch):
    used = []
    monkeypatch.setattr('gluon_finetune.export.int8.export_int8',
                        lambda run, folders: used.append(folders))
    monkeypatch.setattr('gluon_finetune.results.evaluate.evaluate_run',
                        lambda run, folders, dtype: Evaluation(0.75, None, [], 12))
    bad = [chairs_copy / 'train' / 'bench' / '7.jpg', chairs_copy / 'test' / 'sofa' / '0.jpg']
    for path in bad:
        path.write_bytes(b'')
    status, _, err = call(capsys, 'export', run, '--to', 'int8', '--data', chairs_copy,
                          '--skip-bad')
    assert status == 0 and err == [f'skipped: {path}: the file is empty' for path in bad]
    assert (len(used[0].train), len(used[0].test)) == (23, 11)
