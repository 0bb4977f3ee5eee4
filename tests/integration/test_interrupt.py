"""A signal stops a run in the middle; it is resumed later."""
import csv
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

import gluon_finetune as gf
from gluon_finetune.config import Config
from gluon_finetune.data.loader import ImageLoader
from gluon_finetune.errors import Stopped
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.session import describe_position

pytestmark = pytest.mark.faults
COMMAND = [sys.executable, '-u', '-m', 'gluon_finetune']
OPTIONS = ['--scratch', '--network', 'mobilenet0.25', '--image-size', '32', '--batch-size', '4']


def losses(run):
    with open(run / 'history.csv', newline='') as file:
        return [row['loss'] for row in csv.DictReader(file)]


def start(train, run, *options):
    """Start a process and wait until two epochs of its long run are finished."""
    process = subprocess.Popen(train + ['--out', str(run), '--epochs', '1000', *options],
                               text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not process.stdout.readline().startswith('epoch 2: '):
        assert process.poll() is None
    return process


@pytest.fixture(scope='module')
def train(chairs):
    return COMMAND + ['train', str(chairs), *OPTIONS]


@pytest.fixture(scope='module')
def expected(train, tmp_path_factory):
    """Losses of a run that was not interrupted."""
    run = tmp_path_factory.mktemp('unbroken') / 'run'
    subprocess.run(train + ['--out', str(run), '--epochs', '4'], check=True, capture_output=True)
    return losses(run)


@pytest.mark.parametrize('number, status, name', [
    (signal.SIGINT, 130, 'Ctrl-C'), (signal.SIGTERM, 143, 'SIGTERM')])
def test_a_stopped_run_continues_exactly_where_it_stopped(
        train, expected, chairs, tmp_path, number, status, name):
    run = tmp_path / 'a run'
    process = start(train, run)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == status and 'Traceback' not in errors
    position = RunDirectory.open(str(run)).last().state.position
    where = describe_position(position)
    last = errors.splitlines()[-1]
    assert last == (f'gluon-finetune: stopped by {name} after {where}; resume with: '
                    f"gluon-finetune train {chairs} --out '{run}' --resume")
    assert (run / 'log.txt').read_text().splitlines()[-1] == last.partition(': ')[2]
    epochs = max(position.epoch, 4)
    again = shlex.split(last.partition('resume with: ')[2])[1:] + ['--epochs', str(epochs)]
    subprocess.run(COMMAND + again, check=True, capture_output=True)
    assert losses(run)[:4] == expected and len(losses(run)) == epochs


def test_the_second_ctrl_c_ends_it_at_once(train, tmp_path):
    run = tmp_path / 'run'
    process = start(train, run)
    before = RunDirectory.open(str(run)).last().state.position
    for _ in range(200):   # it may come in the middle of a batch, of a checkpoint or of a message
        process.send_signal(signal.SIGINT)
        if process.poll() is not None:
            break
        time.sleep(0.01)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGINT and 'Traceback' not in errors   # 130 to a shell
    assert RunDirectory.open(str(run)).last().state.position >= before


def test_a_signal_during_evaluation_does_not_wait_for_its_end(chairs, tmp_path, monkeypatch):
    config = Config(scratch=True, network='mobilenet0.25', image_size=32, batch_size=1,
                    num_epochs=2)
    folders = gf.ImageFolders(chairs)
    expected = list(gf.train_run(*gf.start_run(str(tmp_path / 'unbroken'), config, folders),
                                 folders, progress=False))
    tested, prepare = [], ImageLoader.prepare

    def prepare_and_interrupt(self, index, key, out):
        if not self.shuffle:
            tested.append(index)
            if len(tested) == 1:
                os.kill(os.getpid(), signal.SIGINT)
        prepare(self, index, key, out)
    monkeypatch.setattr(ImageLoader, 'prepare', prepare_and_interrupt)
    net, run = gf.start_run(str(tmp_path / 'run'), config, folders)
    with pytest.raises(Stopped, match=f'stopped by Ctrl-C after batch {len(folders.train)} of '
                                      'epoch 1'):
        list(gf.train_run(net, run, folders, progress=False))
    assert 1 <= len(tested) < len(folders.test)
    net, run = gf.resume_run(run.path, config, folders)
    rest = list(gf.train_run(net, run, folders, progress=False))
    assert [(r.epoch, r.loss, r.train_acc, r.test_acc) for r in rest] == [
        (r.epoch, r.loss, r.train_acc, r.test_acc) for r in expected]


def test_a_run_is_trained_by_one_process_at_a_time(train, tmp_path):
    run = tmp_path / 'run'
    process = start(train, run)
    try:
        second = subprocess.run(train + ['--out', str(run), '--resume', '--epochs', '7'],
                                text=True, capture_output=True, timeout=120)
        assert (second.returncode, second.stderr) == (
            1, f'gluon-finetune: {run} is locked by another process: wait for it to finish, or '
               'stop it\n')
        assert process.poll() is None and RunDirectory.open(str(run)).config.num_epochs == 1000
    finally:
        process.kill()
        process.communicate()
    done = len(RunDirectory.open(str(run)).history)
    subprocess.run(train + ['--out', str(run), '--resume', '--epochs', str(done + 1)], check=True,
                   capture_output=True)
    assert len(losses(run)) == done + 1
