"""The report of a run is made again, with the images where they were or elsewhere."""
import shutil

import pytest
from commands import TRAIN, call


@pytest.fixture
def copy(run, tmp_path):
    path = shutil.copytree(run, tmp_path / 'a run')
    (path / 'report.html').unlink()
    return path


@pytest.mark.parametrize('where', ['noted', 'given'])
def test_a_report_is_made_again(run, copy, chairs, chairs_copy, capsys, where):
    if where == 'given':
        (copy / 'data.txt').unlink()   # as in an older run
    words = [chairs_copy] if where == 'given' else []
    assert call(capsys, 'report', copy, *words) == (0, f'{copy}/report.html\n', [])
    again = (copy / 'report.html').read_text()
    assert again.replace('a run', 'chairs') == (run / 'report.html').read_text()


@pytest.mark.parametrize('note, place', [
    (None, 'it has no note of its images'), ('/nowhere', 'its images are not in /nowhere')])
def test_without_images(copy, capsys, note, place):
    (copy / 'data.txt').unlink()
    if note:
        (copy / 'data.txt').write_text(note)
    assert call(capsys, 'report', copy) == (2, '', [
        f'gluon-finetune: {place}: give their folder, as in gluon-finetune report {copy} DATA'])


@pytest.mark.parametrize('error, reason', [
    (MemoryError(), 'MemoryError'), (ValueError('\nParseException:\n $'), 'ParseException: $'),
    (OSError(28, 'No space left on device'), '[Errno 28] No space left on device')])
def test_a_report_that_fails_leaves_a_finished_run(chairs, tmp_path, capsys, monkeypatch, error,
                                                   reason):
    def fail(*_, **__):
        raise error
    path = tmp_path / 'run'
    monkeypatch.setattr('gluon_finetune.results.report.write_report', fail)
    status, out, err = call(capsys, 'train', chairs, '--out', path, *TRAIN)
    line = out.splitlines()[-1]
    assert status == 0 and err == [] and line.endswith(
        f' after epoch 1, chosen on the test images; the run is finished, but not its report '
        f'({reason}): make it with gluon-finetune report {path} {chairs}')
    assert (path / 'log.txt').read_text().splitlines()[-1] == line
    assert (path / 'history.csv').exists() and not (path / 'report.html').exists()
