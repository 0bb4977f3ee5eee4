import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gluon_finetune

ROOT = Path(__file__).resolve().parents[1]
# installed under another name than imported
NAMES = {'PIL': 'Pillow', 'cv2': 'opencv-python', 'sklearn': 'scikit-learn'}


# setup.py

def strings(tree):
    return [node.value for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def declared():
    """Names of the distributions that setup.py lists, extras included."""
    call = ast.parse((ROOT / 'setup.py').read_text()).body[-1].value
    lists = [keyword.value for keyword in call.keywords
             if keyword.arg in ('install_requires', 'extras_require')]
    return {re.match(r'[\w.-]+', text).group() for tree in lists for text in strings(tree)}


def imported():
    """Top-level names that the package imports, except its own and the standard library's."""
    names = set()
    for path in (ROOT / 'gluon_finetune').rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition('.')[0])
    return {name for name in names if in_site_packages(name)} - {'gluon_finetune'}


def in_site_packages(name):
    """Whether a module is not in the standard library, by the folder of its file."""
    if name in sys.builtin_module_names:
        return False
    library = Path(os.__file__).parent
    paths = [library / name, library / f'{name}.py', *library.glob(f'lib-dynload/{name}.*')]
    return name != 'distutils' and not any(path.exists() for path in paths)


def test_what_is_imported_is_declared():
    assert {NAMES.get(name, name) for name in imported()} <= declared()


def test_the_wheel_has_the_templates(tmp_path):
    subprocess.run([sys.executable, 'setup.py', '-q', 'build_py', '--build-lib', tmp_path],
                   cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = Path('gluon_finetune', 'results', 'templates')
    names = {path.name for path in (ROOT / folder).iterdir()}
    assert {'report.html', 'compare.html', 'style.css'} <= names
    assert {path.name for path in (tmp_path / folder).iterdir()} == names


def test_the_version_stands_in_one_place():
    setup = subprocess.run([sys.executable, 'setup.py', '--version'], cwd=ROOT, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert setup.stdout.split()[-1] == gluon_finetune.__version__
    first = re.search(r'^## (\d\S*)', (ROOT / 'CHANGES.md').read_text(), re.MULTILINE)
    assert first.group(1) == gluon_finetune.__version__


HEAVY = {'torch', 'torchvision', 'gluoncv', 'matplotlib', 'pandas', 'onnx', 'scipy', 'IPython',
         'sklearn', 'jinja2'}
NEEDED = {'mxnet', 'numpy', 'PIL', 'cv2', 'requests', 'tqdm'}


def loaded_by(script):
    """Return those of `HEAVY` and `NEEDED` that are imported when a script has run."""
    script += f'\nimport sys\nprint(*{HEAVY | NEEDED!r} & set(sys.modules))'
    return set(subprocess.check_output([sys.executable, '-c', script], text=True).split())


def test_importing_the_package_loads_no_other_package():
    assert loaded_by('import gluon_finetune') == set()
    assert loaded_by('import gluon_finetune; gluon_finetune.UsageError') == set()


def test_training_loads_nothing_heavy_that_mxnet_does_not():
    mxnet = loaded_by('import gluon_finetune, mxnet') - NEEDED
    assert loaded_by('import gluon_finetune; gluon_finetune.train_fine_tuning') - NEEDED <= mxnet
    assert mxnet <= {'scipy', 'onnx'}


def test_the_file_for_continuous_integration_runs_what_is_run_here():
    yaml = pytest.importorskip('yaml', reason='PyYAML is not installed')
    jobs = yaml.safe_load((ROOT / '.github/workflows/ci.yml').read_text())['jobs']
    steps = {name: [step.get('run', step.get('uses')) for step in job['steps']]
             for name, job in jobs.items()}
    assert steps['checks'][-1] == '.ci/run' and steps['matrix'][-1].startswith('make matrix')
    assert all(re.search(r'@v\d+$', step) for found in steps.values() for step in found[:2])


# .ci/venv, on a machine whose Pythons are shell scripts that log their calls

PYTHON = '''#!/bin/sh
echo "$(basename $0) $*" >> calls
case "$1 $2" in
    '-c import ensurepip'*) {check} ;;
    '-c '*) echo {name} ;;
    '--version '*) echo Python {name} ;;
    '-m venv') rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
esac
'''
TOOLS = ['sh', 'basename', 'rm', 'mkdir', 'cp', 'ls', 'touch', 'echo', 'cat']


@pytest.fixture
def machine(tmp_path):
    """A new clone on a machine with the usual tools, no Python, and an empty home."""
    for folder in ['bin', 'home', 'clone/.ci']:
        (tmp_path / folder).mkdir(parents=True)
    for tool in TOOLS:
        (tmp_path / 'bin' / tool).symlink_to(shutil.which(tool))
    for name in ['setup.py', '.ci/venv']:
        shutil.copy(ROOT / name, tmp_path / 'clone' / name)
    return tmp_path


def add_python(path, works=True):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PYTHON.format(name=path.name, check='exit 0' if works else 'exit 127'))
    path.chmod(0o755)


def make_venv(machine, **environ):
    """Run .ci/venv; return exit status, output, and the calls of Python with -m."""
    clone = machine / 'clone'
    (clone / 'calls').write_text('')
    environ = {'PATH': str(machine / 'bin'), 'HOME': str(machine / 'home'), **environ}
    done = subprocess.run([clone / '.ci/venv'], cwd=clone, env=environ, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    calls = [line for line in (clone / 'calls').read_text().splitlines() if ' -m ' in line]
    return done.returncode, done.stdout, calls


INSTALL = 'python -m pip install --quiet --disable-pip-version-check -e .[test]'


def test_the_newest_python_that_runs_is_used(machine):
    add_python(machine / 'bin/python3.12', works=False)   # pyenv's shim of an inactive version
    add_python(machine / 'bin/python3.10')
    add_python(machine / 'bin/python3.9')
    assert make_venv(machine) == (
        0, 'Making .venv with python3.10 (Python python3.10)\n'
           'Installing gluon_finetune[test] into .venv: a few minutes the first time\n',
        ['python3.10 -m venv --clear .venv', INSTALL])
    assert make_venv(machine) == (0, '', [])


def test_a_python_under_pyenv_is_found(machine):
    add_python(machine / 'home/.pyenv/versions/3.13.0/bin/python')
    add_python(machine / 'home/.pyenv/versions/3.9.18/bin/python')
    status, output, _ = make_venv(machine)
    assert status == 0 and '/.pyenv/versions/3.9.18/bin/python' in output


def test_installs_again_when_setup_changes_or_for_an_extra(machine):
    add_python(machine / 'bin/python3')
    make_venv(machine)
    assert make_venv(machine, EXTRAS='parity')[2] == [INSTALL.replace('[test]', '[test,parity]')]
    assert make_venv(machine)[2] == []
    os.utime(machine / 'clone/setup.py', (4e9, 4e9))
    assert make_venv(machine)[2] == [INSTALL]


def test_another_python_makes_another_environment(machine):
    add_python(machine / 'bin/python3.11')
    add_python(machine / 'bin/python3.9')
    make_venv(machine)
    assert make_venv(machine, PYTHON='python3.9')[2] == ['python3.9 -m venv --clear .venv', INSTALL]


def test_no_suitable_python(machine):
    add_python(machine / 'bin/python3', works=False)
    fix = ('MXNet supports Python 3.12, 3.11, 3.10, 3.9 and 3.8; the venv module is needed too.\n'
           'Install one of them (Debian: python3 with python3-venv; elsewhere: '
           'pyenv install 3.11)\n'
           'or name it: make test PYTHON=/path/to/python3.11\n')
    assert make_venv(machine) == (1, 'no suitable Python found: ' + fix, [])
    assert make_venv(machine, PYTHON='python3') == (1, 'PYTHON=python3 is not suitable: ' + fix, [])
