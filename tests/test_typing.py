"""The types in gluon_finetune/__init__.pyi are those of the package, and serve a user's mypy."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gluon_finetune

pytest.importorskip('mypy', reason='mypy is not installed')
PLACE = Path(gluon_finetune.__file__).resolve().parents[1]   # the checkout, or site-packages

STUBTEST = f'''
from mypy import stubtest
from mypy.options import Options
options = Options()
options.mypy_path, options.incremental = [{str(PLACE)!r}], False
stubtest.build_stubs(['gluon_finetune'], options)
for fault in stubtest.test_module('gluon_finetune'):
    print(fault.get_description(concise=True))
'''

PROGRAM = '''
import gluon_finetune as gf

folders = gf.ImageFolders('chairs', seed=1)
net = gf.freeze_features(gf.finetune_net('resnet18_v2', classes=folders.classes))
history = gf.train_fine_tuning(net, 0.01, data=folders)
accuracy: float = history.best.test_acc
predictor = gf.Predictor(net, folders.classes)
name: str = predictor('new.jpg')[0][0]
names = [ranking[0][0] for ranking in predictor(['new.jpg', 'other.jpg'])]
try:
    gf.scratch_net('resnet18_v3')
except gf.UsageError as error:
    print(error, accuracy, name.upper(), ', '.join(names))
'''


def run(*arguments, cwd):
    environ = {**os.environ, 'PYTHONPATH': str(PLACE)}
    done = subprocess.run([sys.executable, *arguments], cwd=str(cwd), env=environ, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.strip()


def test_the_types_are_those_of_the_package(tmp_path):
    assert run('-c', STUBTEST, cwd=tmp_path) == ''


@pytest.mark.parametrize('line, verdict', [
    ('', 'Success: no issues found in 1 source file'),
    ('gf.train_fine_tuning(net, "fast")', '[arg-type]'), ('history.worst', '[attr-defined]')])
def test_a_strict_program_of_a_user(tmp_path, line, verdict):
    (tmp_path / 'program.py').write_text(PROGRAM + line + '\n')
    assert verdict in run('-m', 'mypy', '--strict', 'program.py', cwd=tmp_path)
