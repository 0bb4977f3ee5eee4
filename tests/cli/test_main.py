"""What all commands share: help, exit status, and errors as one line."""
import subprocess
import sys

import pytest
from commands import call

from gluon_finetune.cli import check
from gluon_finetune.cli.main import COMMANDS
from gluon_finetune.compat.imports import mx
from gluon_finetune.errors import Stopped, UsageError, WorkError

MODULE = [sys.executable, '-m', 'gluon_finetune']
LIST_MODULES = '''
import atexit, sys
sys.argv[0] = 'gluon-finetune'
atexit.register(lambda: print(*sys.modules, file=sys.stderr))
from gluon_finetune.__main__ import main
main()
'''
HEAVY = {'numpy', 'mxnet', 'gluoncv', 'PIL', 'matplotlib', 'cv2', 'torch', 'tqdm', 'msgspec'}


def start(*words):
    return subprocess.run(words, capture_output=True, text=True)


def test_the_module_is_the_command_line():
    done = start(*MODULE, '--version')
    assert done.returncode == 0 and done.stdout.strip()[0].isdigit()
    done = start(*MODULE)
    assert done.returncode == 2 and 'Traceback' not in done.stderr


def test_help_has_one_line_for_each_command():
    lines = [line.split() for line in start(*MODULE, '--help').stdout.splitlines()]
    for name, text in COMMANDS.items():
        assert [name, *text.split()] in lines


@pytest.mark.parametrize('words', [[], *[[name] for name in COMMANDS]], ids=' '.join)
def test_help_imports_nothing_heavy(words):
    done = start(sys.executable, '-c', LIST_MODULES, *words, '--help')
    imported = set(done.stderr.split())
    assert done.returncode == 0 and 'gluon_finetune.cli.main' in imported
    assert not HEAVY & imported
    assert {name for name in COMMANDS if f'gluon_finetune.cli.{name}' in imported} == set(words)


@pytest.mark.parametrize('error, status, message', [
    (UsageError('wrong'), 2, 'wrong'), (WorkError('broken'), 1, 'broken'),
    (Stopped('stopped', 15), 143, 'stopped'), (KeyboardInterrupt(), 130, 'interrupted'),
    (OSError(28, 'No space left'), 1, '[Errno 28] No space left'),
    (MemoryError(), 1, 'MemoryError'), (mx.MXNetError('\nno GPU\n'), 1, 'no GPU'),
    (ImportError("No module named 'matplotlib'"), 1, "No module named 'matplotlib'")])
def test_an_error_is_one_line_and_a_status(capsys, monkeypatch, error, status, message):
    def fail(args):
        raise error
    monkeypatch.setattr(check, 'run', fail)
    assert call(capsys, 'check', 'chairs') == (status, '', [f'gluon-finetune: {message}'])


def test_a_fault_of_the_program_keeps_its_traceback(capsys, monkeypatch):
    monkeypatch.setattr(check, 'run', lambda args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call(capsys, 'check', 'chairs')


WARNS = '''
import sys, warnings
from gluon_finetune.cli import check, main
def run(args):
    warnings.warn_explicit('imbalanced classes: 300 of a, 1 of b', UserWarning, check.__file__, 1)
    warnings.warn_explicit('Image size exceeds limit', UserWarning, '/PIL/Image.py', 1)
    warnings.warn_explicit('overflow in cast', RuntimeWarning, check.__file__, 1)
    warnings.warn_explicit('Glyph 8364 missing from font', UserWarning, check.__file__, 1)
check.run = run
sys.exit(main.main(['check', 'chairs']))
'''


def test_warnings_are_lines_and_none_of_a_library_is_shown():
    done = start(sys.executable, '-c', WARNS)
    assert (done.returncode, done.stdout, done.stderr) == (
        0, '', 'gluon-finetune: warning: imbalanced classes: 300 of a, 1 of b\n')


def test_warnings_that_were_asked_for_are_shown_as_they_are():
    done = start(sys.executable, '-W', 'always::UserWarning', '-c', WARNS)
    assert done.returncode == 0 and 'UserWarning: Image size exceeds limit' in done.stderr
