"""The package beside others in one process, prepared in a different way by each test."""
import os
import shutil
import subprocess
import sys

import nbclient
import nbformat
import pytest

TRAIN = '''
import gluon_finetune as gf
folders = gf.ImageFolders({data!r})
net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
history = gf.train_fine_tuning(net, 0.01, 12, 1, data=folders, image_size=32{more})
print('trained', len(history))
'''
COMMAND = [sys.executable, '-m', 'gluon_finetune']
FOLDERS = ('GLUON_FINETUNE_CACHE', 'MXNET_HOME', 'MPLCONFIGDIR', 'XDG_CACHE_HOME',
           'XDG_CONFIG_HOME')


def training(data, more=', progress=False'):
    return TRAIN.format(data=str(data), more=more)


def run(command, cwd=None, **environ):
    """Return the output of a process that finds this package, and no folders except its home."""
    inherited = {name: value for name, value in os.environ.items() if name not in FOLDERS}
    path = os.pathsep.join([os.getcwd(), os.environ.get('PYTHONPATH', '')])
    done = subprocess.run(command, cwd=cwd, text=True, timeout=300, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          env={**inherited, 'PYTHONPATH': path, **environ})
    assert done.returncode == 0, done.stdout
    return done.stdout


def script(text, *options, **environ):
    return run([sys.executable, *options, '-c', text], **environ)


# Warnings, and what was imported before

@pytest.mark.parametrize('statement', [
    'import gluon_finetune', 'import gluon_finetune; from mxnet import gluon, init, np, npx',
    'from gluon_finetune import *',
    'import gluon_finetune; gluon_finetune.compat.gluoncv()'])
def test_the_import_warns_of_nothing(statement):
    assert script(statement, '-W', 'error') == ''


@pytest.mark.parity
@pytest.mark.parametrize('modules', ['torch, gluon_finetune', 'gluon_finetune, torch'])
def test_torch_before_and_after(chairs, modules):
    pytest.importorskip('torch', reason='PyTorch is not installed (EXTRAS=parity)')
    output = script(f'import {modules}\n' + training(chairs) + '''
y = torch.nn.Conv2d(3, 8, 3)(torch.rand(2, 3, 32, 32)).sum()
y.backward()
import gluoncv   # which refuses torch 2 elsewhere
print(gf.scratch_net('resnet18_v1b', 2).name)   # GluonCV's
''')
    assert output.startswith('trained 1\nresnet') and len(output.splitlines()) == 2


def test_mxnet_that_the_user_imported_first(chairs):
    output = script('''
import numpy
numpy.bool = mine = bool   # without it MXNet does not import beside NumPy 1.24 and newer
import mxnet
''' + training(chairs) + 'print(gf.compat.mx is mxnet, numpy.bool is mine)')
    assert output == 'trained 1\nTrue True\n'


def test_a_numpy_that_the_user_patched_stays_as_it_is(chairs):
    output = script('''
import numpy
class Own(float): pass
numpy.float, numpy.int, numpy.bool = Own, 'anything', bool
''' + training(chairs) + 'print(numpy.float is Own, numpy.int, numpy.bool is bool)')
    assert output == 'trained 1\nTrue anything True\n'


# Jupyter

def test_a_notebook_shows_a_bar_and_no_warning(chairs):
    cell = nbformat.v4.new_code_cell(training(chairs, ''))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbclient.NotebookClient(notebook, timeout=300).execute()
    streams = [output for output in cell.outputs if output.output_type == 'stream']
    text = ''.join(output.text for output in streams)
    assert 'trained 1\n' in text and 'Warning' not in text
    bars = [output for output in cell.outputs
            if 'application/vnd.jupyter.widget-view+json' in output.get('data', {})]
    assert bars or '2/2' in text


# The home directory

READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"'


@pytest.fixture
def sealed_home(tmp_path):
    """A home that is read-only, and the words before a command that make it so for root."""
    home = tmp_path / 'home'
    home.mkdir()
    if os.geteuid():
        home.chmod(0o555)
        yield home, []
        home.chmod(0o755)
        return
    words = ['unshare', '-m', 'sh', '-c', READ_ONLY, 'sh', str(home)]
    try:
        subprocess.run([*words, 'true'], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip('root may write everywhere, and may not mount a read-only home here')
    yield home, words


def test_a_home_that_cannot_be_written(chairs, tmp_path, sealed_home):
    home, words = sealed_home
    run([*words, *COMMAND, 'train', str(chairs), '--scratch', '--network', 'mobilenetv2_0.25',
         '--image-size', '32', '--epochs', '1', '--out', 'run'], cwd=tmp_path, HOME=str(home))
    assert (tmp_path / 'run' / 'report.html').exists() and os.listdir(home) == []
    output = subprocess.run(
        [*words, sys.executable, '-c',
         'from gluon_finetune.doctor import files\nfor found in files.folders(): print(found[1:])'],
        env={**os.environ, 'HOME': str(home), 'GLUON_FINETUNE_CACHE': '', 'MXNET_HOME': ''},
        text=True, stdout=subprocess.PIPE).stdout
    assert output.count('cannot write to') == 2 and 'MXNET_HOME' in output


def test_spaces_and_other_alphabets_everywhere(chairs_copy, tmp_path, tiny_source):
    home = tmp_path / 'Zoë Müller 画像'
    images, weights = home / 'Stühle & кресла', home / 'poids préentraînés'
    weights.mkdir(parents=True)
    chairs_copy.rename(images)
    for part in ('train', 'test'):
        (images / part / 'stool').rename(images / part / 'tabouret à vis')
    source = weights / os.path.basename(tiny_source)
    shutil.copy(tiny_source, str(source))
    output = run([*COMMAND, 'train', str(images), '--source', str(source), '--image-size', '32',
                  '--epochs', '1'], cwd=home, HOME=str(home))
    folder = home / 'runs' / images.name
    assert str(folder.relative_to(home)) in output and (folder / 'report.html').exists()
    image = next((images / 'test' / 'tabouret à vis').iterdir())
    output = run([*COMMAND, 'predict', str(folder), str(image)], cwd=home, HOME=str(home))
    assert output.startswith(f'{image}: ') and 'tabouret à vis 0.' in output
