"""A person or a machine asks a run to end, in the middle of it; it goes on later."""
import csv
import shlex
import signal
import subprocess
import sys
import time

import pytest

from gluon_finetune.training.checkpoint import RunDirectory

pytestmark = pytest.mark.faults
COMMAND = [sys.executable, '-u', '-m', 'gluon_finetune']
OPTIONS = ['--scratch', '--network', 'mobilenet0.25', '--image-size', '32', '--batch-size', '4']


def losses(run):
    with open(run / 'history.csv', newline='') as file:
        return [row['loss'] for row in csv.DictReader(file)]


def start(train, run, *options):
    """A process that is in the middle of a long run: two epochs are done."""
    process = subprocess.Popen(train + ['--out', str(run), '--epochs', '1000', *options],
                               text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not process.stdout.readline().startswith('epoch 2: '):
        assert process.poll() is None
    return process


@pytest.fixture(scope='module')
def train(chairs):
    return COMMAND + ['train', str(chairs), *OPTIONS]


@pytest.fixture(scope='module')
def whole(train, tmp_path_factory):
    """Losses of the unbroken run."""
    run = tmp_path_factory.mktemp('whole') / 'run'
    subprocess.run(train + ['--out', str(run), '--epochs', '4'], check=True, capture_output=True)
    return losses(run)


@pytest.mark.parametrize('number, status, name', [
    (signal.SIGINT, 130, 'Ctrl-C'), (signal.SIGTERM, 143, 'SIGTERM')])
def test_a_run_that_is_stopped_goes_on_as_if_nothing_had_been(
        train, whole, chairs, tmp_path, number, status, name):
    run = tmp_path / 'a run'
    process = start(train, run)
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == status and 'Traceback' not in errors
    place = RunDirectory.open(str(run)).last().state.place
    where = (f'batch {place.batch} of epoch {place.epoch}' if place.batch
             else f'the end of epoch {place.epoch - 1}')
    last = errors.splitlines()[-1]
    assert last == (f'gluon-finetune: stopped by {name} after {where}; go on with: '
                    f"gluon-finetune train {chairs} --out '{run}' --resume")
    assert (run / 'log.txt').read_text().splitlines()[-1] == last.partition(': ')[2]
    epochs = max(place.epoch, 4)
    again = shlex.split(last.partition('go on with: ')[2])[1:] + ['--epochs', str(epochs)]
    subprocess.run(COMMAND + again, check=True, capture_output=True)
    assert losses(run)[:4] == whole and len(losses(run)) == epochs


def test_the_second_ctrl_c_ends_it_at_once(train, tmp_path):
    run = tmp_path / 'run'
    process = start(train, run)
    before = RunDirectory.open(str(run)).last().state.place
    for _ in range(200):   # it may come in the middle of a batch, of a checkpoint or of a message
        process.send_signal(signal.SIGINT)
        if process.poll() is not None:
            break
        time.sleep(0.01)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGINT and 'Traceback' not in errors   # 130 to a shell
    assert RunDirectory.open(str(run)).last().state.place >= before
