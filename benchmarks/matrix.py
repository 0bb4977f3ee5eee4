"""Installs the package beside each NumPy it supports, imports it, trains, and prints a table.

usage: matrix.py [FOLDER]   environments go to FOLDER (default: build/matrix) and are used again
"""
import glob
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROWS = [('3.8', '1.19.5'), ('3.8', '1.20.3'), ('3.9', '1.21.6'), ('3.9', '1.22.4'),
        ('3.10', '1.23.5'), ('3.10', '1.24.4'), ('3.11', '1.25.2'), ('3.12', '1.26.4')]
STEPS = {
    'import': ['-W', 'error', '-c', 'import gluon_finetune'],
    'compat': ['-m', 'pytest', '-q', 'tests/test_compat.py'],
    'data': ['-m', 'pytest', '-q', 'tests/data'],
    'training': ['-m', 'pytest', '-q', 'tests/training'],
}


def find_python(version):
    """An interpreter of this version that really runs, or None."""
    pyenv = os.environ.get('PYENV_ROOT', os.path.expanduser('~/.pyenv'))
    for python in [f'python{version}', *glob.glob(f'{pyenv}/versions/{version}.*/bin/python')]:
        if shutil.which(python) and run([python, '-c', 'import ensurepip'])[0] == 0:
            return python
    return None


def run(command):
    done = subprocess.run(command, cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def install(folder, version, numpy):
    """The environment's interpreter and '', or None and why there is none."""
    venv = os.path.join(folder, f'python{version}-numpy{numpy}')
    python = os.path.join(venv, 'bin', 'python')
    base = find_python(version)
    if base is None:
        return None, 'no such Python here'
    if not os.path.exists(python):
        run([base, '-m', 'venv', venv])
    status, output = run([python, '-m', 'pip', 'install', '-q', '-e', '.[test]', f'numpy=={numpy}'])
    return (None, output) if status else (python, '')


def main(folder='build/matrix'):
    print('Python  NumPy   ' + ''.join(f'{name:10}' for name in STEPS), flush=True)
    failures = []
    for version, numpy in ROWS:
        python, failure = install(os.path.abspath(folder), version, numpy)
        results = [run([python, *step]) for step in STEPS.values()] if python else []
        words = ['ok' if status == 0 else 'FAILED' for status, _ in results] or ['not installed']
        print(f'{version:8}{numpy:8}' + ''.join(f'{word:10}' for word in words), flush=True)
        failures += [failure] if failure else [text for status, text in results if status]
    print(*failures, sep='\n\n')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
