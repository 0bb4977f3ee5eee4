"""The commands as a person types them, on small drawn pictures."""
import json
import os
import subprocess
import sys

import pytest

from gluon_finetune.cli import main

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
        'log.txt', 'report.html']
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


def test_a_run_is_never_overwritten(run, chairs, capsys):
    status, _, err = say(capsys, 'train', chairs, '--out', run, *TRAIN)
    assert status == 2
    assert err == [f'gluon-finetune: output folder {run} exists already: name a new one with '
                   f'--out, or go on with that run with --resume']


def test_check_lists_what_cannot_be_decoded(chairs_copy, capsys):
    bad = next(iter((chairs_copy / 'train').iterdir())) / 'text.jpg'
    bad.write_text('no picture')
    status, out, _ = say(capsys, 'check', chairs_copy)
    assert status == 1 and out.splitlines()[0].startswith(f'{bad}: ')
    status, out, _ = say(capsys, 'check', chairs_copy, '--json')
    assert [entry['file'] for entry in json.loads(out)['bad']] == [str(bad)]


def test_train_refuses_bad_pictures_or_leaves_them_out(chairs_copy, tmp_path, capsys):
    bad = next(iter((chairs_copy / 'train').iterdir())) / 'text.jpg'
    bad.write_text('no picture')
    status, _, err = say(capsys, 'train', chairs_copy, '--out', tmp_path / 'run', *TRAIN)
    assert status == 2 and '1 picture cannot be used' in err[0]
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
