"""A finished run, and runs that cannot be exported."""
import pytest

import gluon_finetune as gf
from gluon_finetune.config import Config
from gluon_finetune.runs.directory import RunDirectory


@pytest.fixture(scope='session')
def trained(chairs, tmp_path_factory):
    """A run directory with one epoch of training, that no test may change."""
    folders = gf.ImageFolders(chairs)
    config = Config(network='mobilenetv2_0.25', scratch=True, batch_size=8, num_epochs=1,
                    image_size=32)
    net, run = gf.start_run(str(tmp_path_factory.mktemp('trained') / 'run'), config, folders)
    list(gf.train_run(net, run, folders, progress=False))
    return run


@pytest.fixture
def untrained(tmp_path):
    """A run directory without a finished epoch."""
    return RunDirectory.create(tmp_path / 'untrained', Config(network='resnet18_v1', image_size=64),
                               ['bench', 'sofa', 'stool'])


@pytest.fixture(scope='session')
def paths(chairs):
    """The test images of the run."""
    return [path for path, _ in gf.ImageFolders(chairs).test.items]
