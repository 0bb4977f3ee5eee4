"""`doctor` as a person starts it, in an environment that works and in ones that do not."""
import json
import os
import subprocess
import sys

import pytest

MODULE = ['-m', 'gluon_finetune']
SCRIPT = ['-c', 'import sys; sys.argv[0] = "/bin/gluon-finetune"; '
                'from gluon_finetune.__main__ import main; sys.exit(main())']   # as pip writes it
ROWS = ['Python', 'NumPy', 'MXNet', 'GluonCV', 'Pillow', 'OpenCV', 'torch', 'ONNX',
        'ONNX Runtime']


def start(*words, **environ):
    done = subprocess.run([sys.executable, *words], env={**os.environ, **environ}, text=True,
                          capture_output=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def numpy_2(tmp_path):
    (tmp_path / 'numpy.py').write_text("__version__ = '2.1.0'")
    return os.pathsep.join([str(tmp_path), os.getcwd()])


@pytest.mark.slow
def test_an_environment_that_works(tmp_path):
    status, out, err = start(*MODULE, 'doctor', '--json', MXNET_HOME=str(tmp_path))
    findings = json.loads(out)
    assert (status, err) == (0, '')
    assert [finding['name'] for finding in findings][:len(ROWS)] == ROWS
    assert {'threads', 'GPUs', 'weights', 'zoo host'} <= {finding['name'] for finding in findings}
    for finding in findings:
        assert set(finding) == {'section', 'name', 'value', 'level', 'remedy'}
        assert bool(finding['remedy']) == (finding['level'] != 'ok')


@pytest.mark.parametrize('command', [MODULE, SCRIPT], ids=['module', 'script'])
def test_numpy_2_by_either_entry_point(numpy_2, command):
    status, out, err = start(*command, 'doctor', PYTHONPATH=numpy_2)
    assert (status, err) == (1, '')
    said = ' '.join(out.split())
    assert "bad NumPy 2.1.0, but MXNet needs NumPy below 2 -> pip install 'numpy<2' bad MXN" in said
    assert (' does not import: NumPy 2.1.0 is installed, but MXNet needs NumPy below 2 '
            "-> pip install 'numpy<2' bad GluonCV " in said)


@pytest.mark.parametrize('command', [MODULE, SCRIPT], ids=['module', 'script'])
def test_other_commands_say_in_two_lines_what_is_wrong(numpy_2, command):
    assert start(*command, 'check', 'chairs', PYTHONPATH=numpy_2) == (1, '', (
        'gluon-finetune: NumPy 2.1.0 is installed, but MXNet needs NumPy below 2: '
        "pip install 'numpy<2'\n"
        'run `gluon-finetune doctor`, or `python -m gluon_finetune doctor`, to find the cause\n'))


def test_a_python_with_nothing_installed():
    status, out, err = start('-S', *MODULE, 'doctor', PYTHONPATH=os.getcwd())
    assert (status, err) == (1, '')
    assert ' bad  NumPy         not installed\n' in out and "-> pip install 'numpy<2'\n" in out
    assert ' bad  files         not checked: No module named ' in out and '\n5 broken' in out


def test_wrong_use_and_help():
    status, _, err = start(*MODULE, 'doctor', 'now')
    assert status == 2 and err.endswith('unrecognized arguments: now\n')
    assert start(*MODULE, 'doctor', '--help')[0] == 0
    status, out, _ = start(*MODULE, '--help')
    assert status == 0 and 'report what does not work on this machine, and how to fix it' in out
