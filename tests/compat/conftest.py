import pytest

from gluon_finetune.compat.imports import mx

nn = mx.gluon.nn


@pytest.fixture
def net(numpy_mode):
    net = nn.HybridSequential()
    net.add(nn.Dense(4, in_units=3), nn.Dense(2, in_units=4))
    net.initialize()
    return net
