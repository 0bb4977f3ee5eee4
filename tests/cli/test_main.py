"""The commands as a person types them, on small drawn images."""
import json
import os
import shutil
import subprocess
import sys

import pytest
from full_disk import small_disk

from gluon_finetune.cli.main import main

TRAIN = ['--scratch', '--network', 'mobilenetv2_0.25', '--image-size', '32', '--batch-size', '8',
         '--epochs', '1']


def say(capsys, *words):
    """Status and lines on both streams, the progress bar left out."""
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, [line for line in captured.err.replace('\r', '\n').splitlines()
                                  if line.startswith('gluon-finetune:')]


@pytest.fixture(scope='module')
def run(tmp_path_factory, chairs):
    path = tmp_path_factory.mktemp('runs') / 'chairs'
    assert main(['train', str(chairs), '--out', str(path), *TRAIN]) == 0
    return path


def test_train_writes_the_run_directory(run, chairs):
    assert sorted(os.listdir(run)) == [
        'best.params', 'checkpoint', 'config.json', 'curves.png', 'history.csv', 'labels.json',
        'log.txt', 'pictures.csv', 'report.html']
    log = (run / 'log.txt').read_text().splitlines()
    assert log[1].startswith('epoch 1: loss ') and log[-1].startswith('best: test acc ')
    assert json.loads((run / 'config.json').read_text())['network'] == 'mobilenetv2_0.25'


def test_evaluate_reports_the_accuracy_of_the_best_epoch(run, chairs, capsys):
    status, out, _ = say(capsys, 'evaluate', run, chairs, '--json')
    best = float((run / 'history.csv').read_text().splitlines()[1].split(',')[3])
    assert status == 0 and json.loads(out)['accuracy'] == pytest.approx(best)
    status, out, _ = say(capsys, 'evaluate', run, chairs)
    assert status == 0 and out.startswith(f'accuracy {best:.3f} on ')


def test_predict_names_the_classes(run, chairs, capsys):
    files = sorted((chairs / 'test').rglob('*.jpg'))[:2]
    status, out, _ = say(capsys, 'predict', run, *files)
    assert status == 0
    assert [line.split(': ')[0] for line in out.splitlines()] == [str(file) for file in files]
    status, out, _ = say(capsys, 'predict', run, *files, '--json', '--top', '1')
    assert [entry['file'] for entry in json.loads(out)] == [str(file) for file in files]
    assert [len(entry['classes']) for entry in json.loads(out)] == [1, 1]


def test_resume_goes_on_where_the_run_stopped(run, chairs, capsys):
    status, out, _ = say(capsys, 'train', chairs, '--out', run, '--resume', '--epochs', '2')
    assert status == 0 and 'epoch 2: ' in out and 'epoch 1: ' not in out
    status, _, err = say(capsys, 'train', chairs, '--out', run, '--resume', '--lr', '0.5')
    assert status == 2 and 'was started with learning_rate=0.01, not 0.5' in err[0]


@pytest.mark.faults
def test_a_image_that_breaks_meanwhile_stops_or_is_left_out(chairs_copy, tmp_path, capsys,
                                                                monkeypatch):
    gone = chairs_copy / 'test' / 'sofa' / '2.jpg'
    monkeypatch.setattr('gluon_finetune.runs.train.refuse_bad_images',
                        lambda folders: gone.unlink())   # just after it has looked
    run = tmp_path / 'run'
    status, _, err = say(capsys, 'train', chairs_copy, '--out', run, *TRAIN)
    assert status == 2 and err == [
        f'gluon-finetune: cannot use the image {gone}: cannot be read: No such file or directory;'
        f' the batches before it are saved: fix the image and continue with --resume, or skip it '
        f'with --resume --on-bad skip']
    status, out, _ = say(capsys, 'train', chairs_copy, '--out', run, '--resume', '--on-bad', 'skip')
    line = f'epoch 1 skipped 1 image ({gone}: cannot be read: No such file or directory)'
    assert status == 0 and line in out.splitlines()
    assert line in (run / 'log.txt').read_text().splitlines()
    assert f'<td>{gone}</td>' in (run / 'report.html').read_text()


@pytest.mark.faults
def test_a_image_of_a_split_that_is_gone_is_left_out(chairs_copy, tmp_path, capsys):
    for folder in (chairs_copy / 'test').iterdir():
        for path in folder.iterdir():
            path.rename(chairs_copy / 'train' / folder.name / f'test-{path.name}')
        folder.rmdir()
    (chairs_copy / 'test').rmdir()
    run = tmp_path / 'run'
    assert say(capsys, 'train', chairs_copy, '--out', run, *TRAIN)[0] == 0
    gone = chairs_copy / json.loads((run / 'split.json').read_text())['train'][0]
    gone.unlink()
    resume = ['train', chairs_copy, '--out', run, '--resume', '--epochs', '2']
    status, _, err = say(capsys, *resume)
    assert status == 2 and 'the split names 1 images that are not in' in err[0]
    status, out, _ = say(capsys, *resume, '--on-bad', 'skip')
    assert status == 0 and f'epoch 2 skipped 1 image ({gone}: ' in out


def test_a_loss_that_is_not_finite_stops_or_leads_back(chairs, tmp_path, capsys):
    train = ['train', chairs, *TRAIN, '--lr', '1e30']
    status, _, err = say(capsys, *train, '--out', tmp_path / 'stop')
    assert status == 1 and ' at learning rate 1e+30: try a smaller one, such as 1e+29' in err[0]
    status, out, err = say(capsys, *train, '--out', tmp_path / 'back', '--on-diverge', 'rewind')
    assert status == 1 and err[0].endswith('halving the learning rate has not helped 5 times')
    assert ('restored the checkpoint at the beginning and halved the learning rate to 5e+29 (1 of '
            'at most 5 times)') in out
    assert '(5 of at most 5 times)' in (tmp_path / 'back' / 'log.txt').read_text()


@pytest.mark.faults
def test_a_damaged_checkpoint_is_said(run, chairs, tmp_path, capsys):
    copy = tmp_path / 'run'
    shutil.copytree(run, copy)
    newest = sorted((copy / 'checkpoint').iterdir())[-1]
    (newest / 'weights.params').write_bytes(b'')
    status, out, _ = say(capsys, 'train', chairs, '--out', copy, '--resume', '--epochs', '3')
    assert status == 0 and out.splitlines()[0] == (
        f'{newest} is corrupt: weights.params is missing or was changed; using the other '
        f'checkpoint')


@pytest.mark.faults
def test_a_full_disk_is_one_line_and_status_1(chairs, tmp_path, capsys):
    with small_disk(tmp_path / 'disk') as disk:
        status, _, err = say(capsys, 'train', chairs, '--out', disk / 'run', *TRAIN)
        assert status == 1 and err == [
            f'gluon-finetune: cannot save the run in {disk}/run: No space left on device; earlier '
            f'checkpoints are complete: fix this, then continue with --resume']


def test_a_run_is_never_overwritten(run, chairs, capsys):
    status, _, err = say(capsys, 'train', chairs, '--out', run, *TRAIN)
    assert status == 2
    assert err == [f'gluon-finetune: output folder {run} already exists: choose a new one with '
                   f'--out, or resume the run in it with --resume']


def test_check_lists_what_cannot_be_decoded(chairs_copy, capsys):
    bad = next(iter((chairs_copy / 'train').iterdir())) / 'text.jpg'
    bad.write_text('no image')
    status, out, _ = say(capsys, 'check', chairs_copy)
    assert status == 1 and out.splitlines()[0].startswith(f'{bad}: ')
    status, out, _ = say(capsys, 'check', chairs_copy, '--json')
    assert [entry['file'] for entry in json.loads(out)['bad']] == [str(bad)]


def test_train_refuses_bad_images_or_leaves_them_out(chairs_copy, tmp_path, capsys):
    bad = next(iter((chairs_copy / 'train').iterdir())) / 'text.jpg'
    bad.write_text('no image')
    status, _, err = say(capsys, 'train', chairs_copy, '--out', tmp_path / 'run', *TRAIN)
    assert status == 2 and '1 image cannot be used' in err[0]
    assert not (tmp_path / 'run').exists()
    status = main(['train', str(chairs_copy), '--out', str(tmp_path / 'run'), '--skip-bad', *TRAIN])
    assert status == 0 and f'left out: {bad}: ' in capsys.readouterr().err


@pytest.mark.parametrize('words, message', [
    (['train', 'nowhere'], 'nowhere'),
    (['evaluate', 'nowhere', 'nowhere'],
     'no such run: nowhere (expected a folder that `gluon-finetune train` wrote)'),
    (['train', 'nowhere', '--batch-size', '0'],
     'batch_size is 0: it must be a whole number from 1 up'),
    (['train', 'nowhere', '--lr', 'nan'],
     'learning_rate is nan: it must be a number above 0, such as 0.01'),
    (['train', 'nowhere', '--resume'], '--resume needs --out: the run directory to go on with'),
    (['train', 'nowhere', '--on-bad', 'panic'],
     "on_bad is 'panic': it must be one of stop, skip"),
    (['train', 'nowhere', '--on-diverge', 'panic'],
     "on_diverge is 'panic': it must be one of stop, rewind"),
    (['train', 'nowhere', '--checkpoint-every', '0'],
     'checkpoint_every is 0: it must be a whole number from 1 up'),
    (['train', 'nowhere', '--devices', 'tpu'],
     "device 'tpu': expected auto, cpu, gpu, cpu:N or gpu:N, several with commas, such as "
     'gpu:0,gpu:1')])
def test_wrong_use_is_one_line_and_status_2(capsys, words, message):
    status, _, err = say(capsys, *words)
    assert status == 2 and len(err) == 1 and message in err[0]


def test_the_module_is_the_command_line():
    command = [sys.executable, '-m', 'gluon_finetune']
    done = subprocess.run(command + ['--version'], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.strip()[0].isdigit()
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and 'Traceback' not in done.stderr
