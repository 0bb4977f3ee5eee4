import pytest

from gluon_finetune.models.pytorch.imports import torchvision


@pytest.fixture(scope='session')
def torch():
    module = pytest.importorskip('torch', reason='compares with PyTorch, which is not installed')
    torchvision()
    return module
