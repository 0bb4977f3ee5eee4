import os
import subprocess
import sys

import numpy as np
import pytest

from gluon_finetune.config import Config
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.errors import UsageError
from gluon_finetune.export.pytorch import export_torch
from gluon_finetune.results.predict import Predictor
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.train import start_run, train_run

# torchvision first, as it does not come up by itself beside every build of torch.
RUN_IT = '''
import runpy, sys
from gluon_finetune.models.pytorch.imports import torchvision
torchvision()
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition('/')[0])
runpy.run_path(sys.argv[0], run_name='__main__')
'''


def train(folder, network, chairs):
    """A run directory with one epoch of training from nothing, and its images."""
    folders = ImageFolders(str(chairs))
    config = Config(network=network, scratch=True, image_size=64, batch_size=8, num_epochs=1)
    net, run = start_run(str(folder / 'run'), config, folders)
    list(train_run(net, run, folders, progress=False))
    return run.path, folders


@pytest.mark.parametrize('network', ['resnet18_v1', 'resnet18_v2'])
def test_its_own_lines_load_it(network, chairs, tmp_path):
    pytest.importorskip('torch')
    run, folders = train(tmp_path, network, chairs)
    out = export_torch(run)
    assert out == os.path.join(run, 'torch')
    paths = [path for path, _ in folders.test.items]
    command = [sys.executable, '-c', RUN_IT, os.path.join(out, 'load_model.py'), *paths]
    printed = subprocess.run(command, capture_output=True, text=True, check=True,
                             env={**os.environ, 'PYTHONPATH': os.getcwd()})
    there = [line.split('\t') for line in printed.stdout.splitlines()]
    here = Predictor.load(run)(paths, top=1)
    assert [row[:2] for row in there] == [[path, best[0]] for path, (best,) in zip(paths, here)]
    np.testing.assert_allclose([float(row[2]) for row in there],
                                  [best[1] for best, in here], atol=0.01)


def untrained(folder, network, image_size):
    """A run directory that was only begun."""
    config = Config(network=network, image_size=image_size)
    return RunDirectory.create(str(folder / 'run'), config, ['bench', 'sofa']).path


def test_never_overwrites(tmp_path):
    pytest.importorskip('torch')
    out = tmp_path / 'mine'
    out.mkdir()
    with pytest.raises(UsageError) as error:
        export_torch(untrained(tmp_path, 'resnet18_v1', 64), out)
    assert str(error.value) == f'{out} exists already: name a new folder with --out'
    assert not os.listdir(out)


@pytest.mark.parametrize('network, image_size, message', [
    ('mobilenetv2_1.0', 64, "the weights of mobilenetv2_1.0 cannot be converted: Gluon's "
     "mobilenetv2 has a convolution and a BatchNorm in its first block that PyTorch's mobilenet_v2 "
     'lacks, and no bias in its output layer'),
    ('squeezenet1.1', 240, 'squeezenet1.1 has no twin in PyTorch at image size 240: their last '
     'pooling is the same from 209 to 224 only')])
def test_what_has_no_twin(network, image_size, message, tmp_path):
    pytest.importorskip('torch')
    run = untrained(tmp_path, network, image_size)
    with pytest.raises(UsageError) as error:
        export_torch(run)
    assert str(error.value) == message
    assert not os.path.exists(os.path.join(run, 'torch'))
