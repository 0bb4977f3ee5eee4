"""`gluon-finetune train`, as a person types it, on small images."""
import json
import os
import re
import shutil

import pytest
from commands import TRAIN, call
from full_disk import small_disk

from gluon_finetune.errors import Stopped


def test_train_writes_the_run_directory(run):
    assert sorted(os.listdir(run)) == [
        'best.params', 'checkpoint', 'config.json', 'curves.png', 'data.txt',
        'environment.json', 'history.csv', 'labels.json', 'log.txt', 'pictures.csv',
        'predictions.csv', 'report.html']
    log = (run / 'log.txt').read_text().splitlines()
    assert log[0] == (f'mobilenetv2_0.25 on 24 training images of 3 classes and 12 test images; '
                      f'run directory: {run}')
    assert log[1].startswith('epoch 1: loss ')
    assert log[2].startswith('best: test acc ')
    assert log[2].endswith(
        f' after epoch 1, chosen on the test images; report: {run}/report.html')
    assert json.loads((run / 'config.json').read_text())['network'] == 'mobilenetv2_0.25'


def test_json_goes_to_standard_output_and_the_log_to_the_other(chairs, tmp_path, capsys):
    status, out, _ = call(capsys, 'train', chairs, '--out', tmp_path / 'run', *TRAIN, '--json')
    result = json.loads(out)
    assert status == 0 and result['run'] == str(tmp_path / 'run')
    assert [record['epoch'] for record in result['history']] == [1]
    assert 'test_acc' in result['history'][0] and 'val_acc' not in result['history'][0]
    assert 'test_acc' not in result


def test_resume_continues_where_the_run_stopped(run, chairs, tmp_path, capsys):
    copy = shutil.copytree(run, tmp_path / 'run')
    status, out, _ = call(capsys, 'train', chairs, '--out', copy, '--resume', '--epochs', '2')
    assert status == 0 and 'epoch 2: ' in out and 'epoch 1: ' not in out
    assert json.loads((copy / 'config.json').read_text())['batch_size'] == 8   # as it was started
    status, _, err = call(capsys, 'train', chairs, '--out', copy, '--resume', '--lr', '0.5')
    assert status == 2 and 'was started with learning_rate=0.01, not 0.5' in err[0]


def test_a_run_that_is_stopped_says_how_to_resume_it(run, chairs, tmp_path, capsys, monkeypatch):
    def stopped(net, run, folders, **options):
        raise Stopped('stopped by SIGTERM after batch 3 of epoch 1', 15)
        yield
    monkeypatch.setattr('gluon_finetune.runs.train_folder.train_run', stopped)
    copy = shutil.copytree(run, tmp_path / 'a run')
    status, _, err = call(capsys, 'train', chairs, '--out', copy, '--resume')
    message = (f"stopped by SIGTERM after batch 3 of epoch 1; resume with: gluon-finetune train "
               f"{chairs} --out '{copy}' --resume")
    assert status == 143 and err == [f'gluon-finetune: {message}']
    assert (copy / 'log.txt').read_text().splitlines()[-1] == message


@pytest.mark.faults
def test_an_image_that_breaks_during_training_stops_the_run_or_is_skipped(
        chairs_copy, tmp_path, capsys, monkeypatch):
    gone = chairs_copy / 'test' / 'sofa' / '2.jpg'
    monkeypatch.setattr('gluon_finetune.runs.train.refuse_bad_images',
                        lambda folders: gone.unlink())   # just after the check
    run = tmp_path / 'run'
    status, _, err = call(capsys, 'train', chairs_copy, '--out', run, *TRAIN)
    assert status == 2 and err == [
        f'gluon-finetune: cannot use the image {gone}: cannot be read: No such file or directory;'
        f' the batches before it are saved: fix the image and continue with --resume, or skip it '
        f'with --resume --on-bad skip']
    status, out, _ = call(capsys, 'train', chairs_copy, '--out', run, '--resume', '--on-bad',
                          'skip')
    line = f'epoch 1 skipped 1 image ({gone}: cannot be read: No such file or directory)'
    assert status == 0 and line in out.splitlines()
    assert line in (run / 'log.txt').read_text().splitlines()
    assert f'<td class="wrap">{gone}</td>' in (run / 'report.html').read_text()


@pytest.mark.faults
def test_an_image_of_a_split_that_is_gone_is_skipped(chairs_copy, tmp_path, capsys):
    for folder in (chairs_copy / 'test').iterdir():
        for path in folder.iterdir():
            path.rename(chairs_copy / 'train' / folder.name / f'test-{path.name}')
        folder.rmdir()
    (chairs_copy / 'test').rmdir()
    run = tmp_path / 'run'
    assert call(capsys, 'train', chairs_copy, '--out', run, *TRAIN)[0] == 0
    gone = chairs_copy / json.loads((run / 'split.json').read_text())['train'][0]
    gone.unlink()
    resume = ['train', chairs_copy, '--out', run, '--resume', '--epochs', '2']
    status, _, err = call(capsys, *resume)
    assert status == 2 and 'the split names 1 images that are not in' in err[0]
    status, out, _ = call(capsys, *resume, '--on-bad', 'skip')
    assert status == 0 and f'epoch 2 skipped 1 image ({gone}: ' in out


def test_a_loss_that_is_not_finite_stops_or_rewinds_the_run(chairs, tmp_path, capsys):
    train = ['train', chairs, *TRAIN, '--lr', '1e30']
    status, _, err = call(capsys, *train, '--out', tmp_path / 'stop')
    assert status == 1 and ' at learning rate 1e+30: try a smaller one, such as 1e+29' in err[0]
    status, out, err = call(capsys, *train, '--out', tmp_path / 'back', '--on-diverge', 'rewind')
    assert status == 1 and err[0].endswith('halving the learning rate has not helped 5 times')
    assert (': restored the checkpoint at the beginning and halved the learning rate to 5e+29 '
            '(1 of at most 5 times)') in out
    assert '(5 of at most 5 times)' in (tmp_path / 'back' / 'log.txt').read_text()


@pytest.mark.faults
def test_a_corrupt_checkpoint_is_reported(run, chairs, tmp_path, capsys):
    copy = shutil.copytree(run, tmp_path / 'run')
    newest = sorted((copy / 'checkpoint').iterdir())[-1]
    (newest / 'weights.params').write_bytes(b'')
    status, out, _ = call(capsys, 'train', chairs, '--out', copy, '--resume', '--epochs', '3')
    assert status == 0 and out.splitlines()[0] == (
        f'{newest} is corrupt: weights.params is missing or was changed; using the other '
        f'checkpoint')


@pytest.mark.faults
def test_a_full_disk_is_one_line_and_status_1(chairs, tmp_path, capsys):
    with small_disk(tmp_path / 'disk') as disk:
        status, _, err = call(capsys, 'train', chairs, '--out', disk / 'run', *TRAIN)
        assert status == 1 and err == [
            f'gluon-finetune: cannot save the run in {disk}/run: No space left on device; earlier '
            f'checkpoints are complete: fix this, then continue with --resume']


def test_a_run_is_never_overwritten(run, chairs, capsys):
    status, _, err = call(capsys, 'train', chairs, '--out', run, *TRAIN)
    assert status == 2
    assert err == [f'gluon-finetune: output folder {run} already exists: choose a new one with '
                   f'--out, or resume the run in it with --resume']


def test_images_that_cannot_be_decoded_are_an_error_or_skipped(chairs_copy, tmp_path, capsys):
    bad = next(iter((chairs_copy / 'train').iterdir())) / 'text.jpg'
    bad.write_text('no image')
    train = ['train', chairs_copy, '--out', tmp_path / 'run', *TRAIN]
    status, _, err = call(capsys, *train)
    assert status == 2 and '1 image cannot be used' in err[0]
    assert not (tmp_path / 'run').exists()
    status, _, err = call(capsys, *train, '--skip-bad')
    assert status == 0 and len(err) == 1 and err[0].startswith(f'skipped: {bad}: ')


@pytest.mark.parametrize('words, message', [
    (['nowhere'], 'no such folder: nowhere: expected a folder with '),
    (['nowhere', '--batch-size', '0'],
     'batch_size must be a whole number of at least 1, not 0'),
    (['nowhere', '--lr', 'nan'], 'learning_rate must be a number above 0, not nan'),
    (['nowhere', '--val-fraction', '1'],
     'val_fraction must be a number of at least 0 and below 1, not 1.0'),
    (['nowhere', '--checkpoint-every', '0'],
     'checkpoint_every must be a whole number of at least 1, not 0'),
    (['nowhere', '--resume'], '--resume needs --out: the run directory to resume'),
    (['nowhere', '--resume', '--out', 'neither'],
     'no such run: neither (expected a folder that `gluon-finetune train` wrote)'),
    (['nowhere', '--devices', 'tpu'],
     "device 'tpu': expected auto, cpu, gpu, cpu:N or gpu:N, several with commas, such as "
     'gpu:0,gpu:1')])
def test_wrong_use_is_one_line_and_status_2(capsys, words, message):
    status, _, err = call(capsys, 'train', *words)
    assert status == 2 and len(err) == 1 and err[0].startswith(f'gluon-finetune: {message}')


@pytest.mark.parametrize('words, message', [
    (['--on-bad', 'panic'], "argument --on-bad: invalid choice: 'panic'"),
    (['--dtype', 'int8'], "argument --dtype: invalid choice: 'int8'"),
    (['--epochs', 'many'], "argument --epochs: invalid int value: 'many'")])
def test_values_of_another_kind_are_status_2(capsys, words, message):
    with pytest.raises(SystemExit) as error:
        call(capsys, 'train', 'nowhere', *words)
    assert error.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(
        f'gluon-finetune train: error: {message}')


def test_validation_images_choose_the_best_epoch(chairs_val, tmp_path, capsys):
    run = tmp_path / 'run'
    status, out, _ = call(capsys, 'train', chairs_val, '--out', run, *TRAIN, '--json')
    result, record = json.loads(out), json.loads(out)['history'][0]
    assert status == 0 and 'test_acc' not in record
    assert (run / 'log.txt').read_text().splitlines()[-1] == (
        f'best: validation acc {record["val_acc"]:.3f} after epoch 1; test acc '
        f'{result["test_acc"]:.3f} of 12 images; report: {run}/report.html')
    status, out, _ = call(capsys, 'evaluate', run, chairs_val, '--json')
    assert json.loads(out)['accuracy'] == result['test_acc']


@pytest.mark.filterwarnings('always')   # as on the command line
def test_a_test_image_that_breaks_leaves_a_finished_run(chairs_val_copy, tmp_path, capsys,
                                                        monkeypatch):
    gone, run = chairs_val_copy / 'test' / 'sofa' / '2.jpg', tmp_path / 'run'
    monkeypatch.setattr('gluon_finetune.runs.train.refuse_bad_images',
                        lambda folders: gone.unlink())   # just after the check
    status, out, err = call(capsys, 'train', chairs_val_copy, '--out', run, *TRAIN)
    assert any('1 test image of the run cannot be used any more' in line for line in err)
    assert status == 0 and re.fullmatch(
        r'best: validation acc \d\.\d\d\d after epoch 1; test acc \d\.\d\d\d of 11 images; report: '
        f'{run}/report.html', out.splitlines()[-1])


def test_a_fraction_and_a_validation_folder_are_too_many(chairs_val, tmp_path, capsys):
    status, _, err = call(capsys, 'train', chairs_val, '--out', tmp_path / 'run', *TRAIN,
                          '--val-fraction', '0.2')
    assert (status, err) == (2, [
        f'gluon-finetune: val_fraction is 0.2, but {chairs_val}/val has validation images: omit '
        f'it, or move the folder away'])
    assert os.listdir(tmp_path) == []
