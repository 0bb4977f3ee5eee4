"""A finished run."""
import pytest
from commands import TRAIN

from gluon_finetune.cli.main import main


@pytest.fixture(scope='session')
def run(tmp_path_factory, chairs):
    """A run directory that no test may change."""
    path = tmp_path_factory.mktemp('runs') / 'chairs'
    assert main(['train', str(chairs), '--out', str(path), *TRAIN]) == 0
    return path
