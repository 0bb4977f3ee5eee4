"""A person presses Ctrl-C in the middle of a run and goes on with it later."""
import csv
import signal
import subprocess
import sys

COMMAND = [sys.executable, '-u', '-m', 'gluon_finetune']
OPTIONS = ['--scratch', '--network', 'mobilenetv2_0.25', '--image-size', '32', '--batch-size', '4']


def losses(run):
    with open(run / 'history.csv', newline='') as file:
        return [row['loss'] for row in csv.DictReader(file)]


def test_an_interrupted_run_goes_on_as_if_nothing_had_been(chairs, tmp_path):
    train = COMMAND + ['train', str(chairs), *OPTIONS]
    subprocess.run(train + ['--out', str(tmp_path / 'whole'), '--epochs', '3'], check=True,
                   capture_output=True)
    run = tmp_path / 'run'
    process = subprocess.Popen(train + ['--out', str(run), '--epochs', '1000'], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not process.stdout.readline().startswith('epoch 2: '):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1 and 'Traceback' not in errors
    assert errors.splitlines()[-1].endswith(f'go on with --resume --out {run}')
    done = len(losses(run))
    assert done >= 2
    subprocess.run(COMMAND + ['train', str(chairs), '--out', str(run), '--resume', '--epochs',
                              str(max(done + 1, 3))], check=True, capture_output=True)
    assert losses(run)[:3] == losses(tmp_path / 'whole')
