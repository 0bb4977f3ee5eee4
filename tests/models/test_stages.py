import pytest
from custom_net import custom_net

from gluon_finetune import UsageError, finetune_net, freeze_features, scratch_net
from gluon_finetune.compat.imports import structured_parameters
from gluon_finetune.models.freeze import first_learning
from gluon_finetune.models.stages import parts


@pytest.mark.parametrize('name, names', [
    ('resnet18_v2', ['features.0', 'features.1', 'features.2', 'stage1', 'stage2', 'stage3',
                     'stage4', 'features.9']),
    ('vgg11', [f'features.{i}' for i in (0, 3, 6, 8, 11, 13, 16, 18, 21, 23)])])
def test_parts_of_networks(name, names):
    assert list(parts(scratch_net(name, 3))) == names


@pytest.mark.mxnet1   # GluonCV
def test_parts_of_a_network_without_features():
    names = list(parts(scratch_net('resnet18_v1b', 3)))
    assert names == ['conv1', 'bn1', 'stage1', 'stage2', 'stage3', 'stage4']


def test_learning_begins_at_a_stage():
    net = freeze_features(scratch_net('resnet18_v2', 3), until='stage4')
    learning = {name.split('.')[1] if name.startswith('features') else name.split('.')[0]
                for name, param in structured_parameters(net).items() if param.grad_req != 'null'}
    assert learning == {'8', '9', 'output'}
    assert first_learning(net) is parts(net)['stage4']


def test_unknown_parts_are_refused():
    with pytest.raises(UsageError) as error:
        freeze_features(finetune_net(custom_net(), 2), until='stage3')
    assert str(error.value) == "the net has no 'stage3': its parts are stage1"
