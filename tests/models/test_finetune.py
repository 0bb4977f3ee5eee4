import json
import re
import shutil

import numpy as np
import pytest

from gluon_finetune import (
    UsageError,
    finetune_net,
    freeze_features,
    reuse_source_class,
    scratch_net,
    source_net,
)
from gluon_finetune.compat.imports import MXNET_2, array, mx, structured_parameters
from gluon_finetune.models.output import output_layer, weights

nn = mx.gluon.nn
TINY = 'mobilenetv2_0.25'
LEARNING_RATE = 0.01


class OwnNet(mx.gluon.HybridBlock):
    """A net of the user's own: BatchNorm inside nested blocks and another before the output."""

    def __init__(self):
        super().__init__()
        inner, self.features, self.output = (nn.HybridSequential() for _ in range(3))
        inner.add(nn.Conv2D(4, 3, in_channels=3), nn.BatchNorm(in_channels=4))
        self.features.add(inner, nn.GlobalAvgPool2D(), nn.Flatten())
        self.output.add(nn.BatchNorm(in_channels=4), nn.Dense(3, in_units=4))

    if MXNET_2:
        def forward(self, x):
            return self.output(self.features(x))
    else:
        def hybrid_forward(self, F, x):
            return self.output(self.features(x))


@pytest.fixture
def own_net(numpy_mode):
    net = OwnNet()
    net.initialize(mx.init.Xavier())
    net(array(np.zeros((1, 3, 32, 32))))   # MXNet 2 has no weights before
    return net


def train(net, steps=1):
    """SGD steps on fixed images; returns the gradients of the last by structural name."""
    X = array(np.random.RandomState(0).randn(4, 3, 32, 32), dtype='float32')
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': LEARNING_RATE})
    for _ in range(steps):
        with mx.autograd.record():
            loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()(net(X), array([0, 1, 1, 0]))
        loss.backward()
        trainer.step(4)
    return {name: param.grad().asnumpy() / 4 for name, param in structured_parameters(net).items()
            if param.grad_req != 'null'}


def same(before, after):
    return {name for name in before if np.array_equal(before[name], after[name])}


def test_output_learns_ten_times_faster_and_the_source_not_at_all(own_net):
    source = weights(own_net)
    net = finetune_net(own_net, ['hotdog', 'not-hotdog'])
    assert net.classes == ['hotdog', 'not-hotdog'] and net.network is None
    before = weights(net)
    assert set(source) - same(source, before) == {'output.1.weight', 'output.1.bias'}
    assert before['output.1.bias'].tolist() == [0, 0]
    gradients = train(net)
    after = weights(net)
    for name, gradient in gradients.items():
        factor = 10 if name.startswith('output.1.') else 1
        moved = before[name] - after[name]
        assert abs(moved - LEARNING_RATE * factor * gradient).max() < 1e-6 and moved.any(), name
    assert same(source, weights(own_net)) == set(source)


def test_a_source_that_is_hybridized_and_in_training(own_net):
    own_net.hybridize(static_alloc=True, static_shape=True)
    train(own_net)
    source = weights(own_net)
    net = finetune_net(own_net, 2, lr_mult=3)
    assert output_layer(net).weight.lr_mult == 3
    net.hybridize(static_alloc=True, static_shape=True)
    train(net, 2)
    assert same(source, weights(own_net)) == set(source)
    train(own_net)
    assert own_net(array(np.ones((1, 3, 8, 8)))).shape == (1, 3)


def test_scratch_net_learns_at_one_rate(numpy_mode):
    net = scratch_net(TINY, ['a', 'b', 'c'])
    assert (net.network, net.classes) == (TINY, ['a', 'b', 'c'])
    assert net.output[0].weight.shape[0] == 3
    assert {param.lr_mult for param in net.collect_params().values()} == {1}


@pytest.mark.parametrize('hybridize', [False, True])
def test_frozen_features_stay_bit_for_bit(own_net, hybridize):
    net = finetune_net(own_net, 2)
    if hybridize:
        net.hybridize(static_alloc=True, static_shape=True)
    train(net)
    before = weights(net)
    assert freeze_features(net) is net
    train(net, 3)
    kept = {name for name in before if name.startswith('features.')}
    assert same(before, weights(net)) == kept
    assert any('running_mean' in name for name in kept) and any(before[name].any() for name in kept)


def test_frozen_features_of_the_zoo_stay_bit_for_bit(tiny_source, numpy_mode):
    net = freeze_features(finetune_net(tiny_source, 2))
    before = weights(net)
    net.hybridize()
    train(net, 2)
    assert set(before) - same(before, weights(net)) <= {'output.0.weight'}


@pytest.mark.parametrize('classes, message', [
    (1, 'classes is 1: telling apart takes at least 2'),
    (['a'], "classes is ['a']: telling apart takes at least 2"),
    (0, 'classes is 0: telling apart takes at least 2'),
    (['a', 'b', 'a'], 'these classes are named more than once: a'),
    (True, 'classes is True: it must be a number or a list of names'),
    (2.0, 'classes is 2.0: it must be a number or a list of names'),
    ('ab', "classes is 'ab': it must be a number or a list of names"),
    ([1, 2], 'classes is [1, 2]: it must be a number or a list of names')])
def test_classes_that_cannot_be(classes, message):
    for make in (finetune_net, scratch_net):
        with pytest.raises(UsageError, match=re.escape(message)):
            make('resnet18_v2', classes)


LABELS = [{'wnid': 'n1', 'name': 'hotdog'}, {'wnid': 'n2', 'name': 'crane'},
          {'wnid': 'n3', 'name': 'crane'}, {'wnid': 'n4', 'name': 'hot pot'},
          {'wnid': 'n5', 'name': 'tench'}, {'wnid': 'n6', 'name': 'robin'},
          {'wnid': 'n7', 'name': 'cup'}]


@pytest.fixture
def labelled(tiny_source, tmp_path):
    (tmp_path / f'{TINY}.labels.json').write_text(json.dumps(LABELS))
    return str(shutil.copy(tiny_source, tmp_path / f'{TINY}.params'))


def test_rows_of_the_source_by_id_and_by_name(labelled, numpy_mode):
    net = finetune_net(labelled, ['tree', 'hotdog', 'bird'])
    old = weights(net)['output.0.weight']
    rows = weights(source_net(labelled))['output.0.weight']
    assert reuse_source_class(net, labelled, {'hotdog': 'n1', 'bird': 'robin'}) is net
    new = weights(net)['output.0.weight']
    assert (new == np.stack([old[0], rows[0], rows[5]])).all()


@pytest.mark.mxnet1
def test_the_bias_comes_along():
    source, net = scratch_net('resnet18_v2', 1000), scratch_net('resnet18_v2', ['hotdog', 'x'])
    source.output.bias.set_data(mx.nd.arange(1000))
    reuse_source_class(net, source, {'hotdog': 'n07697537'})
    assert net.output.bias.data().asnumpy().tolist() == [934, 0]
    assert (net.output.weight.data()[0] == source.output.weight.data()[934]).asnumpy().all()


@pytest.mark.parametrize('classes, message', [
    ({'hotdog': 'hotdgo'}, "the source has no class 'hotdgo': give its WordNet id or its name, "
                           'such as hotdog, hot pot'),
    ({'hotdog': 934}, 'the source has no class 934: give its WordNet id or its name'),
    ({'hotdog': 'crane'}, "the source has 2 classes called 'crane': say which by its WordNet id, "
                          'n2, n3'),
    ({'cat': 'n1'}, "the net has no class 'cat': it has hotdog, x")])
def test_classes_nobody_knows(labelled, classes, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        reuse_source_class(finetune_net(labelled, ['hotdog', 'x']), labelled, classes)


def test_nets_whose_rows_cannot_be_compared(labelled):
    with pytest.raises(UsageError, match='the net does not know its classes by name: make it with '
                                         'a list of names'):
        reuse_source_class(finetune_net(labelled, 2), labelled, {'hotdog': 'n1'})
    with pytest.raises(UsageError, match=re.escape(
            'the rows of the source have (1280, 1, 1) weights, those of the net (512,): they must '
            'come from the same network')):
        reuse_source_class(scratch_net('resnet18_v2', ['hotdog', 'x']), labelled, {'hotdog': 'n1'})


@pytest.mark.realdata
def test_hot_dogs_are_told_from_other_images_by_the_reused_row(weights_root):
    path = weights_root / 'resnet18_v2-imagenet100-64px.params'
    net = finetune_net(path, ['hotdog', 'not-hotdog'])
    reuse_source_class(net, path, {'hotdog': 'n07697537'})
    source = source_net(path)
    row = [label['wnid'] for label in json.loads(
        (weights_root / 'resnet18_v2-imagenet100-64px.labels.json').read_text())].index('n07697537')
    assert (net.output.weight.data()[0] == source.output.weight.data()[row]).asnumpy().all()
