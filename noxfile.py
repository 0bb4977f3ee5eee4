"""The wheel on every supported Python, NumPy and MXNet; `make matrix` runs all of this.

    nox -- use              build the wheel, install it in each member and train a network there
    nox                     load the networks of all members in each, and run the unit tests
    nox -s table -- write   write the durations into the table of docs/install.md
    nox --list              list the members; `-t short` takes two of them, `-- few` fewer tests

A missing Python is named and skipped. Environments stay in .nox and are reused.
"""
import glob
import json
import os
import re
import shutil
import sys
import time
from pathlib import Path

import nox

nox.needs_version = '>=2024.10.9'
nox.options.sessions = ['wheel', 'member']
nox.options.default_venv_backend = 'venv'
nox.options.reuse_venv = 'yes'
nox.options.error_on_missing_interpreters = False

ROOT = Path(__file__).resolve().parent
DESK = ROOT / 'build' / 'matrix'   # the wheel, the tests without the package, trained networks
PAGE = ROOT / 'docs' / 'install.md'

# pyenv's Pythons themselves: its shims exist for versions that do not start.
PYENV = glob.glob(os.path.join(os.environ.get('PYENV_ROOT') or os.path.expanduser('~/.pyenv'),
                               'versions', '*', 'bin'))
os.environ['PATH'] = os.pathsep.join([*PYENV, os.environ['PATH']])

# Python, MXNet, NumPy: the oldest and the newest that fit.
MEMBERS = [
    ('3.8', '1.9.1', '1.19.5'), ('3.8', '1.9.1', '1.24.4'), ('3.9', '1.9.1', '1.19.5'),
    ('3.9', '1.9.1', '1.26.4'), ('3.10', '1.9.1', '1.21.6'), ('3.10', '1.9.1', '1.26.4'),
    ('3.11', '1.9.1', '1.23.5'), ('3.11', '1.9.1', '1.26.4'), ('3.12', '1.9.1', '1.26.0'),
    ('3.12', '1.9.1', '1.26.4'), ('3.8', '2.0.0b1', '1.24.4'), ('3.9', '2.0.0b1', '1.26.4'),
    ('3.10', '2.0.0b1', '1.26.4'), ('3.11', '2.0.0b1', '1.26.4')]
SHORT = [MEMBERS[0], MEMBERS[-1]]

# The oldest and the newest beside each MXNet run every test. The others leave out those that cause
# faults for real, in processes of their own, or take long: more than half of the time.
CORNERS = [MEMBERS[0], MEMBERS[9], MEMBERS[10], MEMBERS[13]]
QUICK_TESTS = ['-m', 'not faults and not slow and not network and not repeats']

FEW_TESTS = ['tests/compat/test_imports.py', 'tests/compat/test_gluon.py',
             'tests/compat/test_layers.py', 'tests/compat/test_graphs.py',
             'tests/models/test_params_file.py']
ALL_TESTS = ['tests/compat', 'tests/files', 'tests/synthetic', 'tests/data', 'tests/models',
             'tests/training', 'tests/runs', 'tests/results', 'tests/export',
             'tests/cli/test_main.py', 'tests/cli/test_train.py']
STEPS = ['install', 'import', 'doctor', 'fine-tune', 'cross-load', 'tests']


def params():
    return [nox.param(*versions, id='-'.join(versions), tags=['short'] * (versions in SHORT))
            for versions in MEMBERS]


@nox.session(venv_backend='none', tags=['short'])
def wheel(session):
    """Build the wheel, and copy the tests without the package, so that they use the wheel."""
    if 'use' not in session.posargs:
        session.skip('nothing to build: the members only run their tests')
    shutil.rmtree(DESK, ignore_errors=True)
    shutil.copytree(ROOT / 'tests', DESK / 'tests', ignore=shutil.ignore_patterns('__pycache__'))
    for file in [ROOT / 'setup.cfg', ROOT / 'benchmarks' / 'member.py']:
        shutil.copy(file, DESK)
    session.run(sys.executable, '-m', 'build', '--wheel', '--outdir', DESK, ROOT, external=True)


@nox.session
@nox.parametrize('python,mxnet,numpy', params())
def member(session, mxnet, numpy):
    """Install the wheel and train (`use`), or load the networks of all members and test."""
    session.chdir(DESK)
    session.env['PYTHONPATH'] = None
    name = f'{session.python}-{mxnet}-{numpy}'
    steps = Steps(session, DESK / f'{name}.json')
    if 'use' in session.posargs:
        built = next(DESK.glob('*.whl'))
        steps.forget()
        steps.take('install', install, session, built, f'mxnet=={mxnet}', f'numpy=={numpy}')
        steps.take('import', session.run, 'python', '-W', 'error', '-c',
                   'import gluon_finetune, mxnet')
        steps.take('doctor', session.run, 'gluon-finetune', 'doctor')
        steps.take('fine-tune', session.run, 'python', 'member.py', 'write', f'trained/{name}')
    else:
        if 'fine-tune' not in steps.taken():
            session.error('no trained network: run nox -- use first')
        trained = sorted(str(folder) for folder in Path('trained').iterdir())
        steps.take('cross-load', session.run, 'python', 'member.py', 'read', *trained)
        tests = [*(FEW_TESTS if 'few' in session.posargs else ALL_TESTS),
                 *([] if (session.python, mxnet, numpy) in CORNERS else QUICK_TESTS)]
        steps.take('tests', session.run, 'python', '-m', 'pytest', '-q', '-n', '2', '-p',
                   'no:cacheprovider', *tests, silent=True,
                   note=lambda output: re.search('[0-9]+ passed', output).group())


def install(session, built, *versions):
    session.install('--force-reinstall', '--no-deps', str(built))
    session.install(str(built), *versions, 'pytest>=7', 'pytest-xdist>=3,<4', 'hypothesis>=6,<7')


@nox.session(venv_backend='none')
def table(session):
    """Print the durations; with `write`, update docs/install.md if every step is done."""
    rows = [[*versions, *Steps(session, DESK / f'{"-".join(versions)}.json').taken().values()]
            for versions in MEMBERS]
    heads = ['Python', 'MXNet', 'NumPy', *STEPS]
    lines = [f'| {" | ".join(cells)} |' for cells in [heads, ['---'] * len(heads), *rows]]
    print(*lines, sep='\n')
    if 'write' in session.posargs:
        if any(len(row) < len(heads) for row in rows):
            session.error('some steps are missing or failed: docs/install.md is unchanged')
        head, _, rest = PAGE.read_text('utf-8').partition('<!-- table -->')
        tail = rest.partition('<!-- end of table -->')[2]
        lines = [f'{head}<!-- table -->', *lines, f'<!-- end of table -->{tail}']
        PAGE.write_text('\n'.join(lines), 'utf-8')


class Steps:
    """The finished steps of a member and their seconds, in a file that later sessions read."""

    def __init__(self, session, file):
        self.session, self.file = session, file

    def taken(self):
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def forget(self):
        self.file.write_text('{}')

    def take(self, step, work, *args, note=None, **options):
        began = time.perf_counter()
        result = work(*args, **options)
        words = f'{time.perf_counter() - began:.0f} s' + (f' ({note(result)})' if note else '')
        self.session.log(f'{step}: {words}')
        self.file.write_text(json.dumps({**self.taken(), step: words}))
