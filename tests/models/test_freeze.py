import pytest
from custom_net import custom_net, train, unchanged

from gluon_finetune import finetune_net, freeze_features
from gluon_finetune.models.freeze import first_learning, use_running_statistics
from gluon_finetune.models.output import weights


@pytest.mark.parametrize('hybridize', [False, True])
def test_frozen_features_stay_the_same_bit_for_bit(numpy_mode, hybridize):
    net = finetune_net(custom_net(), 2)
    if hybridize:
        net.hybridize(static_alloc=True, static_shape=True)
    train(net)
    before = weights(net)
    assert freeze_features(net) is net
    train(net, 3)
    features = {name for name in before if name.startswith('features.')}
    assert unchanged(before, weights(net)) == features
    assert any('running_mean' in name for name in features)
    assert any(before[name].any() for name in features)


def test_frozen_features_of_the_zoo_stay_the_same_bit_for_bit(tiny_source, numpy_mode):
    net = freeze_features(finetune_net(tiny_source, 2))
    before = weights(net)
    net.hybridize()
    train(net, 2)
    assert set(before) - unchanged(before, weights(net)) <= {'output.0.weight'}


def test_a_net_is_frozen_when_weights_and_statistics_are(numpy_mode):
    net = finetune_net(custom_net(), 2)
    assert first_learning(net) is None
    use_running_statistics(net)
    assert first_learning(net) is None   # its weights learn
    assert first_learning(freeze_features(net)) is net.output
    net.features[0][0].weight.grad_req = 'write'
    assert first_learning(net) is None


def test_statistics_of_excluded_blocks_are_updated(numpy_mode):
    net = custom_net()
    use_running_statistics(net, excluded=[net.output[0]])
    before = weights(net)
    train(net)
    changed = set(before) - unchanged(before, weights(net))
    assert {name for name in changed if 'running' in name} == {
        'output.0.running_mean', 'output.0.running_var'}
