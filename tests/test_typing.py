"""A user's mypy reads the package's types: right use passes, wrong use is flagged."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gluon_finetune

pytest.importorskip('mypy', reason='mypy is not installed')
PACKAGE_PATH = Path(gluon_finetune.__file__).resolve().parents[1]   # checkout or site-packages

PROGRAM = '''
import gluon_finetune as gf

gf.seed_everything(0)
folders = gf.ImageFolders('chairs', seed=1)
net = gf.freeze_features(gf.finetune_net('resnet18_v2', classes=folders.classes))
history = gf.train_fine_tuning(net, 0.01, data=folders, devices=[gf.try_gpu()], seed=None)
accuracy: float = history.best.test_acc
history.plot('curves.png')
predictor = gf.Predictor(net, folders.classes)
name: str = predictor('new.jpg')[0][0]
names = [ranking[0][0] for ranking in predictor(['new.jpg', 'other.jpg'])]
net, run = gf.start_run('runs/chairs', gf.Config(learning_rate=0.01, cache='ram'), folders)
try:
    for record in gf.train_run(net, run, folders, progress=False):
        accuracy = max(accuracy, record.test_acc)
    print(gf.write_report(run, folders).upper())
except gf.Stopped as stopped:
    raise SystemExit(stopped.status)
except gf.UsageError as error:
    print(error, accuracy, name.upper(), ', '.join(names), gf.__version__.split('.'))
'''
WRONG = {   # line: the code of the error that mypy reports there
    "gf.train_fine_tuning(net, 'fast')": 'arg-type',
    "gf.train_fine_tuning(net, 0.01, data='chairs')": 'arg-type',
    'gf.Config(epochs=5)': 'call-arg',
    'gf.Config(num_epochs=1.5)': 'arg-type',
    'history.worst': 'attr-defined',
    "predictor('new.jpg')[0].name": 'attr-defined',
    'gf.train_fine_tuned': 'attr-defined',
}


def check(program, folder):
    """Return what `mypy --strict` prints about a program."""
    (folder / 'program.py').write_text(program)
    environ = {**os.environ, 'PYTHONPATH': str(PACKAGE_PATH)}
    done = subprocess.run([sys.executable, '-m', 'mypy', '--strict', 'program.py'], cwd=folder,
                          env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.strip()


def test_a_strict_program_passes(tmp_path):
    assert check(PROGRAM, tmp_path) == 'Success: no issues found in 1 source file'


def test_wrong_use_is_flagged(tmp_path):
    output = check(PROGRAM + '\n'.join(WRONG), tmp_path)
    errors = dict(re.findall(r'^program.py:(\d+): error: .*\[(.+)\]$', output, re.M))
    first = PROGRAM.count('\n') + 1
    assert errors == {str(first + i): code for i, code in enumerate(WRONG.values())}
