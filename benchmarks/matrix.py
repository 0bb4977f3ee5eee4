"""Installs the built wheel beside every Python, NumPy and MXNet it supports, and uses it there.

    python benchmarks/matrix.py [--short | --few-tests] [--write] [--jobs N] [--folder FOLDER]

Each member imports the package with warnings as errors, asks `gluon-finetune doctor`, fine-tunes a
network on drawn pictures, answers with the runs and weights of all the others as they did, and runs
the tests, which see the wheel alone. Exit status 1 if anything failed; a Python that is not here is
named and is no failure. Environments stay in FOLDER (default: build/matrix) and are used again.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / 'docs' / 'install.md'

# Python, MXNet, NumPy: the oldest and the newest that fit.
MEMBERS = [
    ('3.8', '1.9.1', '1.19.5'), ('3.8', '1.9.1', '1.24.4'), ('3.9', '1.9.1', '1.19.5'),
    ('3.9', '1.9.1', '1.26.4'), ('3.10', '1.9.1', '1.21.6'), ('3.10', '1.9.1', '1.26.4'),
    ('3.11', '1.9.1', '1.23.5'), ('3.11', '1.9.1', '1.26.4'), ('3.12', '1.9.1', '1.26.0'),
    ('3.12', '1.9.1', '1.26.4'), ('3.8', '2.0.0b1', '1.24.4'), ('3.9', '2.0.0b1', '1.26.4'),
    ('3.10', '2.0.0b1', '1.26.4'), ('3.11', '2.0.0b1', '1.26.4')]
SHORT = [MEMBERS[0], MEMBERS[-1]]

FEW_TESTS = ['tests/test_compat.py', 'tests/test_compat_gluon.py',
             'tests/models/test_params_file.py']
ALL_TESTS = ['tests/test_compat.py', 'tests/test_compat_gluon.py', 'tests/test_cores.py',
             'tests/test_cli.py', 'tests/data', 'tests/models', 'tests/training', 'tests/results']
STEPS = ['import', 'doctor', 'fine-tune', 'cross-load', 'tests']


class Failure(Exception):
    """What a command printed before it failed."""


def run(*command, cwd=None):
    """Output of a command; raises `Failure` unless it succeeds."""
    environ = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=environ, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise Failure(done.stdout)
    return done.stdout


def find_python(version):
    """An interpreter of this version that really runs, or None."""
    pyenv = os.environ.get('PYENV_ROOT', os.path.expanduser('~/.pyenv'))
    for python in [f'python{version}', *glob.glob(f'{pyenv}/versions/{version}.*/bin/python')]:
        if shutil.which(python):
            try:
                run(python, '-c', 'import ensurepip')
            except Failure:
                continue
            return python
    return None


class Member:
    """One environment, and how long its steps took."""

    def __init__(self, folder, python, mxnet, numpy):
        self.versions = (python, mxnet, numpy)
        self.home = folder / f'python{python}-mxnet{mxnet}-numpy{numpy}'
        self.python, self.saved = self.home / 'bin' / 'python', self.home / 'saved'
        self.words, self.failures = {}, []

    def step(self, name, work):
        """Does some work and notes its seconds, or its failure; once failed, does no more."""
        if self.failures:
            return
        began = time.perf_counter()
        try:
            note = work() or ''
            self.words[name] = f'{time.perf_counter() - began:.0f} s{note}'
        except Failure as failure:
            self.words[name] = 'FAILED'
            self.failures.append(f'{" ".join(self.versions)}: {name}\n{failure}')

    def install(self, base, wheel):
        """Makes the environment and installs the wheel anew, as a user would."""
        _, mxnet, numpy = self.versions
        if not self.python.exists():
            run(base, '-m', 'venv', self.home)
        run(self.python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check',
            '--force-reinstall', '--no-deps', wheel)
        run(self.python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', wheel,
            'pytest>=7', 'hypothesis>=6,<7', f'numpy=={numpy}', f'mxnet=={mxnet}')

    def imports(self):
        run(self.python, '-W', 'error', '-c', 'import gluon_finetune', cwd=self.home)

    def doctor(self):
        command = self.home / 'bin' / 'gluon-finetune'
        if 'doctor' not in run(command, '--help', cwd=self.home):
            return ' (not there)'
        run(command, 'doctor', cwd=self.home)

    def fine_tune(self, desk):
        shutil.rmtree(self.saved, ignore_errors=True)
        run(self.python, desk / 'member.py', 'write', self.saved, cwd=self.home)

    def cross_load(self, desk, others):
        if others:
            run(self.python, desk / 'member.py', 'read', *[other.saved for other in others],
                cwd=self.home)
        return f' ({len(others)})'

    def tests(self, desk, names):
        output = run(self.python, '-m', 'pytest', '-q', '-p', 'no:cacheprovider',
                     *[name for name in names if (desk / name).exists()], cwd=desk)
        return f' ({re.search("[0-9]+ passed", output).group()})'

    def row(self):
        cells = [*self.versions, *(self.words.get(name, '-') for name in ['install', *STEPS])]
        return f'| {" | ".join(cells)} |'


def lay_desk(folder):
    """A copy of the tests without the package, which they must find installed."""
    desk = folder / 'desk'
    shutil.rmtree(desk, ignore_errors=True)
    shutil.copytree(ROOT / 'tests', desk / 'tests', ignore=shutil.ignore_patterns('__pycache__'))
    for file in [ROOT / 'setup.cfg', ROOT / 'benchmarks' / 'member.py']:
        shutil.copy(file, desk)
    return desk


def build_wheel(folder):
    """The path of a new wheel of the checkout."""
    shutil.rmtree(folder / 'dist', ignore_errors=True)
    run(sys.executable, '-m', 'build', '--wheel', '--outdir', folder / 'dist', ROOT)
    return next((folder / 'dist').glob('*.whl'))


def run_members(members, tests, folder, jobs):
    """Runs all steps, prints what fails, and returns the rows of the table and the failures."""
    wheel, desk = build_wheel(folder), lay_desk(folder)
    bases = {versions[0]: find_python(versions[0]) for versions in members}
    for versions in members:
        if bases[versions[0]] is None:
            print(f'Python {versions[0]} is not here: MXNet {versions[1]} with NumPy '
                  f'{versions[2]} is left out', flush=True)
    here = [Member(folder, *versions) for versions in members if bases[versions[0]]]

    def begin(member):
        member.step('install', lambda: member.install(bases[member.versions[0]], wheel))
        member.step('import', member.imports)
        member.step('doctor', member.doctor)
        member.step('fine-tune', lambda: member.fine_tune(desk))
        print(member.row(), flush=True)

    def end(member):
        others = [other for other in written if other is not member]
        member.step('cross-load', lambda: member.cross_load(desk, others))
        member.step('tests', lambda: member.tests(desk, tests))
        print(member.row(), flush=True)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(begin, here))
        written = [member for member in here if not member.failures]
        list(pool.map(end, here))
    return [member.row() for member in here], [text for member in here for text in member.failures]


def table(rows):
    """The rows below their heading, in Markdown."""
    names = ['Python', 'MXNet', 'NumPy', 'install', *STEPS]
    return '\n'.join([f'| {" | ".join(names)} |', '|' + '---|' * len(names), *rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--short', action='store_true', help='two members and few tests')
    parser.add_argument('--few-tests', action='store_true', help='all members and few tests')
    parser.add_argument('--write', action='store_true', help='put the table into docs/install.md')
    parser.add_argument('--jobs', default=2, type=int, help='members at work at once (default: 2)')
    parser.add_argument('--folder', default=ROOT / 'build' / 'matrix', type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    try:
        rows, failures = run_members(SHORT if options.short else MEMBERS,
                                     FEW_TESTS if options.short or options.few_tests else ALL_TESTS,
                                     options.folder.resolve(), options.jobs)
    except Failure as failure:
        rows, failures = [], [f'the wheel cannot be built:\n{failure}']
    print('', table(rows), *failures, sep='\n\n')
    if options.write and not failures:
        head, _, rest = PAGE.read_text(encoding='utf-8').partition('<!-- table -->')
        tail = rest.partition('<!-- end of table -->')[2]
        PAGE.write_text(f'{head}<!-- table -->\n{table(rows)}\n<!-- end of table -->{tail}',
                        encoding='utf-8')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
