import json
import random
import re
import shutil

import numpy as np
import pytest
from custom_net import LEARNING_RATE, custom_net, train, unchanged

from gluon_finetune import (
    ImageFolders,
    UsageError,
    finetune_net,
    reuse_source_class,
    scratch_net,
    source_net,
    train_fine_tuning,
)
from gluon_finetune.compat.imports import array, mx
from gluon_finetune.models.output import output_layer, weights

TINY = 'mobilenetv2_0.25'


@pytest.fixture
def source(numpy_mode):
    return custom_net()


def test_the_output_layer_learns_ten_times_faster_and_the_source_stays_unchanged(source):
    source_weights = weights(source)
    net = finetune_net(source, ['hotdog', 'not-hotdog'])
    assert net.classes == ['hotdog', 'not-hotdog'] and net.network is None
    before = weights(net)
    new = {'output.1.weight', 'output.1.bias'}
    assert set(source_weights) - unchanged(source_weights, before) == new
    assert before['output.1.bias'].tolist() == [0, 0]
    gradients = train(net)
    after = weights(net)
    for name, gradient in gradients.items():
        factor = 10 if name.startswith('output.1.') else 1
        moved = before[name] - after[name]
        assert abs(moved - LEARNING_RATE * factor * gradient).max() < 1e-6 and moved.any(), name
    assert unchanged(source_weights, weights(source)) == set(source_weights)


def test_a_source_that_is_hybridized_and_in_training(source):
    source.hybridize(static_alloc=True, static_shape=True)
    train(source)
    source_weights = weights(source)
    net = finetune_net(source, 2, lr_mult=3)
    assert output_layer(net).weight.lr_mult == 3
    net.hybridize(static_alloc=True, static_shape=True)
    train(net, 2)
    assert unchanged(source_weights, weights(source)) == set(source_weights)
    train(source)
    assert source(array(np.ones((1, 3, 8, 8)))).shape == (1, 3)


def test_scratch_net_learns_at_one_rate(numpy_mode):
    net = scratch_net(TINY, ['a', 'b', 'c'])
    assert (net.network, net.classes) == (TINY, ['a', 'b', 'c'])
    assert net.output[0].weight.shape[0] == 3
    assert {param.lr_mult for param in net.collect_params().values()} == {1}


@pytest.mark.parametrize('classes, message', [
    (1, 'a classifier needs at least 2 classes, not 1'),
    (['a'], 'a classifier needs at least 2 classes, not 1'),
    (0, 'a classifier needs at least 2 classes, not 0'),
    (['a', 'b', 'a'], 'duplicate class names: a'),
    (True, 'classes must be a number or a list of names, not True'),
    (2.0, 'classes must be a number or a list of names, not 2.0'),
    ('ab', "classes must be a number or a list of names, not 'ab'"),
    ([1, 2], 'classes must be a number or a list of names, not [1, 2]')])
def test_invalid_classes(classes, message):
    for make in (finetune_net, scratch_net):
        with pytest.raises(UsageError, match=re.escape(message)):
            make('resnet18_v2', classes)


def equal(net, other):
    values, others = weights(net), weights(other)
    return all((value == others[name]).all() for name, value in values.items())


def test_a_seed_makes_the_output_layer_reproducible(source, tiny_source):
    for origin in (source, tiny_source):
        first, again, other, unseeded = (finetune_net(origin, 5, seed=seed)
                                         for seed in (3, 3, 4, None))
        assert equal(first, again) and not equal(first, other) and not equal(first, unseeded)
        layer = output_layer(first)
        values = layer.weight.data().asnumpy()
        limit = np.sqrt(3 / ((values.shape[1] + 5) / 2))
        assert 0.8 * limit < abs(values).max() < limit
        assert layer.bias is None or not layer.bias.data().asnumpy().any()


@pytest.mark.parametrize('name, side', [(TINY, 32), ('squeezenet1.1', 224)])
def test_a_seed_makes_a_scratch_net_reproducible_and_changes_no_generator(numpy_mode, name, side):
    def made(seed):
        mx.random.seed(random.randrange(10 ** 6))
        np.random.seed(1)
        net = scratch_net(name, 3, seed=seed)
        net(array(np.zeros((1, 3, side, side))))   # initializes the layers of unknown input size
        return net
    first, again, other = made(0), made(0), made(2 ** 40)
    assert equal(first, again) and not equal(first, other)
    drawn = np.random.rand()
    np.random.seed(1)
    assert drawn == np.random.rand()


@pytest.mark.parametrize('seed', [-1, 0.5, True, 'a'])
def test_invalid_seeds(seed):
    for make in (finetune_net, scratch_net):
        with pytest.raises(UsageError) as error:
            make('resnet18_v2', 2, seed=seed)
        assert str(error.value) == f'seed must be a whole number of at least 0, not {seed!r}'


@pytest.mark.parametrize('make', [lambda tiny_source: finetune_net(tiny_source, 3, seed=5),
                                  lambda tiny_source: scratch_net(TINY, 3, seed=5)])
def test_two_seeded_trainings_in_one_process_are_equal(tiny_source, chairs, make):
    outcomes = []
    for _ in range(2):
        net = make(tiny_source)
        train_fine_tuning(net, 0.01, 8, 1, data=ImageFolders(chairs), image_size=32, seed=0,
                          progress=False)
        outcomes.append(net)
    assert equal(*outcomes)


LABELS = [{'wnid': 'n1', 'name': 'hotdog'}, {'wnid': 'n2', 'name': 'crane'},
          {'wnid': 'n3', 'name': 'crane'}, {'wnid': 'n4', 'name': 'hot pot'},
          {'wnid': 'n5', 'name': 'tench'}, {'wnid': 'n6', 'name': 'robin'},
          {'wnid': 'n7', 'name': 'cup'}]


@pytest.fixture
def labelled(tiny_source, tmp_path):
    (tmp_path / f'{TINY}.labels.json').write_text(json.dumps(LABELS))
    return str(shutil.copy(tiny_source, tmp_path / f'{TINY}.params'))


def test_rows_of_the_source_by_wordnet_id_and_by_name(labelled, numpy_mode):
    net = finetune_net(labelled, ['tree', 'hotdog', 'bird'])
    old = weights(net)['output.0.weight']
    rows = weights(source_net(labelled))['output.0.weight']
    assert reuse_source_class(net, labelled, {'hotdog': 'n1', 'bird': 'robin'}) is net
    new = weights(net)['output.0.weight']
    assert (new == np.stack([old[0], rows[0], rows[5]])).all()


@pytest.mark.mxnet1
def test_the_bias_is_copied_too():
    source, net = scratch_net('resnet18_v2', 1000), scratch_net('resnet18_v2', ['hotdog', 'x'])
    source.output.bias.set_data(mx.nd.arange(1000))
    reuse_source_class(net, source, {'hotdog': 'n07697537'})
    assert net.output.bias.data().asnumpy().tolist() == [934, 0]
    assert (net.output.weight.data()[0] == source.output.weight.data()[934]).asnumpy().all()


@pytest.mark.parametrize('classes, message', [
    ({'hotdog': 'hotdgo'}, "the source has no class 'hotdgo': give its WordNet id or name, such as "
                           'hotdog, hot pot'),
    ({'hotdog': 934}, 'the source has no class 934: give its WordNet id or name'),
    ({'hotdog': 'crane'}, "the source has 2 classes named 'crane': choose one by its WordNet id, "
                          'n2 or n3'),
    ({'cat': 'n1'}, "the net has no class 'cat': its classes are hotdog, x")])
def test_unknown_classes(labelled, classes, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        reuse_source_class(finetune_net(labelled, ['hotdog', 'x']), labelled, classes)


def test_nets_with_other_rows_or_without_class_names(labelled):
    with pytest.raises(UsageError, match='the net has no class names: create it with a list of '
                                         'names'):
        reuse_source_class(finetune_net(labelled, 2), labelled, {'hotdog': 'n1'})
    with pytest.raises(UsageError, match=re.escape(
            'output rows have shape (1280, 1, 1) in the source and (512,) in the net: both must be '
            'the same network')):
        reuse_source_class(scratch_net('resnet18_v2', ['hotdog', 'x']), labelled, {'hotdog': 'n1'})


@pytest.mark.realdata
def test_the_row_of_hot_dogs_is_reused(weights_root):
    path = weights_root / 'resnet18_v2-imagenet100-64px.params'
    net = finetune_net(path, ['hotdog', 'not-hotdog'])
    reuse_source_class(net, path, {'hotdog': 'n07697537'})
    source = source_net(path)
    row = [label['wnid'] for label in json.loads(
        (weights_root / 'resnet18_v2-imagenet100-64px.labels.json').read_text())].index('n07697537')
    assert (net.output.weight.data()[0] == source.output.weight.data()[row]).asnumpy().all()
