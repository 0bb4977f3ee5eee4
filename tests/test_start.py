import os
import subprocess
import sys

import pytest

from gluon_finetune import start


@pytest.mark.parametrize('argv, orig_argv, answer', [
    (['/usr/bin/gluon-finetune', 'doctor'], None, True),
    (['gluon-finetune.exe'], None, True),
    (['gluon-finetune.py'], None, False),
    ([''], None, False),
    (['train.py', 'gluon-finetune'], None, False),
    (['-m', 'doctor'], ['python', '-W', 'error', '-m', 'gluon_finetune', 'doctor'], True),
    (['-m'], ['python', '-mgluon_finetune'], True),
    (['-m', 'gluon_finetune'], ['python', '-m', 'pytest', 'gluon_finetune'], False),
    (['-m', 'doctor'], ['python', '-m', 'mine', 'doctor'], False),
    (['-m'], ['python', '-m', 'gluon_finetune.cli.main'], False),
])
def test_which_process_is_the_command_line(monkeypatch, argv, orig_argv, answer):
    monkeypatch.setattr(sys, 'argv', argv)
    monkeypatch.setattr(sys, 'orig_argv', orig_argv, raising=False)
    monkeypatch.setattr(start, '_words_of_this_process', lambda: [])
    assert start.is_command_line() is answer


def test_an_interpreter_without_words(monkeypatch):
    monkeypatch.delattr(sys, 'argv')
    assert not start.is_command_line()


@pytest.mark.skipif(not os.path.exists('/proc/self/cmdline'), reason='reads /proc')
def test_the_words_of_a_process_that_python_does_not_tell():
    script = 'from gluon_finetune import start; print(start._words_of_this_process()[1:])'
    words = ['-W', 'error', '-c', script, '', 'two words']
    said = subprocess.check_output([sys.executable, *words], text=True)
    assert said.strip() == str(words)


def test_a_package_of_the_user_that_is_run_gets_every_name(tmp_path):
    """While `python -m` loads it, sys.argv[0] is '-m' there too."""
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / '__init__.py').write_text('from gluon_finetune import ImageFolders')
    (tmp_path / 'mine' / '__main__.py').write_text(
        'from mine import ImageFolders\nprint(ImageFolders.__name__)')
    environ = {**os.environ, 'PYTHONPATH': os.pathsep.join([str(tmp_path), os.getcwd()])}
    said = subprocess.check_output([sys.executable, '-m', 'mine', 'doctor'], env=environ, text=True)
    assert said == 'ImageFolders\n'
