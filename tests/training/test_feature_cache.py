"""Frozen features are computed once, and again after any change of what determines them."""
import os
import random

import numpy as np
import pytest
from PIL import Image

import gluon_finetune as gf
from gluon_finetune.compat.imports import array, value_of
from gluon_finetune.config import Config
from gluon_finetune.models.freeze import first_learning
from gluon_finetune.models.graphs import split
from gluon_finetune.models.output import output_layer
from gluon_finetune.training.feature_cache import FeatureLoader
from gluon_finetune.training.fine_tuning import set_up

pytestmark = pytest.mark.mxnet1   # whose graphs can be cut and rewritten

OPTIONS = dict(batch_size=7, num_epochs=3, image_size=32, seed=5, progress=False)


@pytest.fixture
def folders(chairs_copy):
    return gf.ImageFolders(chairs_copy)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'features'


@pytest.fixture
def passes(monkeypatch):
    """Count how often features are computed: twice, for training and test, without a cache."""
    made = []
    write = FeatureLoader._write
    monkeypatch.setattr(FeatureLoader, '_write',
                        lambda *args: made.append(1) or write(*args))
    return made


def frozen_net(source, folders):
    gf.seed_everything(1)
    return gf.freeze_features(gf.finetune_net(source, folders.classes))


def train(net, folders, **options):
    history = gf.train_fine_tuning(net, 0.01, data=folders, **{**OPTIONS, **options})
    weights = [value_of(param) for param in net.output.collect_params().values()]
    return [record.loss for record in history], [record.test_acc for record in history], weights


def test_cached_features_train_as_fresh_ones_of_the_same_crops(tiny_source, folders, numpy_mode):
    cached = train(frozen_net(tiny_source, folders), folders, views=3)
    fresh = train(frozen_net(tiny_source, folders), folders, views=0)
    assert cached[0] == pytest.approx(fresh[0], abs=1e-5) and cached[1] == fresh[1]
    assert all(abs(one - other).max() < 1e-5 for one, other in zip(cached[2], fresh[2]))


def test_fewer_crops_are_reused(tiny_source, folders):
    cached = train(frozen_net(tiny_source, folders), folders, views=1)
    fresh = train(frozen_net(tiny_source, folders), folders, views=0)
    assert cached[0][0] == pytest.approx(fresh[0][0], abs=1e-5)
    assert (cached[2][0] != fresh[2][0]).any()


def test_features_are_computed_once(tiny_source, folders, passes):
    first = train(frozen_net(tiny_source, folders), folders)
    again = train(frozen_net(tiny_source, folders), folders)
    assert len(passes) == 2 and first[0] == again[0]


def change_an_image(folders, net):
    path = folders.train.items[3][0]
    with Image.open(folders.train.items[20][0]) as other:
        other.transpose(Image.FLIP_LEFT_RIGHT).save(path)


def change_a_weight(folders, net):
    weight = net.features[0].weight
    weight.set_data(weight.data() * 1.5)


@pytest.mark.parametrize('change, new', [(change_an_image, 1), (change_a_weight, 2)])
def test_features_are_computed_again_after_a_change(tiny_source, folders, passes, change, new):
    train(frozen_net(tiny_source, folders), folders)
    net = frozen_net(tiny_source, folders)
    change(folders, net)
    cached = train(net, folders, num_epochs=1)
    assert len(passes) == 2 + new
    net = frozen_net(tiny_source, folders)
    if change is change_a_weight:
        change(folders, net)
    assert cached[0] == pytest.approx(train(net, folders, num_epochs=1, views=0)[0], abs=1e-5)


@pytest.mark.parametrize('options', [{'image_size': 48}, {'min_area': 0.5}, {'seed': 6}])
def test_other_crops_are_other_features(tiny_source, folders, passes, options):
    train(frozen_net(tiny_source, folders), folders)
    train(frozen_net(tiny_source, folders), folders, **options)
    assert len(passes) >= 3


def test_features_that_learn_are_not_cached(tiny_source, folders, passes):
    net = gf.finetune_net(tiny_source, folders.classes)
    assert first_learning(net) is None
    train(net, folders, num_epochs=1)
    assert passes == []


def test_features_with_dropout_are_not_cached(folders, passes):
    net = gf.freeze_features(gf.scratch_net('alexnet', folders.classes))
    net(array(np.zeros((1, 3, 224, 224))))
    assert split(net, output_layer(net)) is None


def test_unreadable_images_are_skipped(tiny_source, folders):
    net = frozen_net(tiny_source, folders)
    config = Config(batch_size=7, image_size=32, on_bad='skip', seed=5)
    os.remove(folders.train.items[3][0])
    gone = folders.train.items[3]
    devices = gf.try_all_gpus()
    _, train_iter, _, _, _ = set_up(net, config, folders, devices, False)
    random.seed(0)
    assert sum(len(y) for _, y in train_iter) == len(folders.train) - 1
    assert [path for path, _ in train_iter.skipped] == [gone[0]]


def test_without_a_writable_cache_features_are_temporary(tiny_source, folders, monkeypatch,
                                                            tmp_path):
    (tmp_path / 'file').write_text('')
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', str(tmp_path / 'file'))
    assert len(train(frozen_net(tiny_source, folders), folders)[0]) == 3


@pytest.mark.parametrize('name, size', [('mobilenetv2_0.25', 32), ('resnet18_v1b', 32),
                                        ('mobilenetv3_small', 64)])
def test_output_of_features_is_the_net(name, size, numpy_mode):
    net, X = gf.scratch_net(name, 3), array(np.random.randn(2, 3, size, size))
    expected = net(X).asnumpy()
    parts = split(net, output_layer(net))
    if parts is None:
        assert name == 'mobilenetv3_small'   # which drops out before its last layer
        return
    features, output = parts
    assert abs(output(features(X)).asnumpy() - expected).max() < 1e-5
    assert sorted(output.collect_params()) == sorted(net.output.collect_params())


def test_cached_stages_train_as_fresh_ones_of_the_same_crops(tiny_source, folders, numpy_mode):
    def net():
        gf.seed_everything(1)
        net = gf.finetune_net(tiny_source, folders.classes)
        return gf.freeze_features(net, until='features.20')
    # Larger images: BatchNorm amplifies rounding where it normalises one pixel of each image.
    cached = train(net(), folders, views=3, image_size=96)
    fresh = train(net(), folders, views=0, image_size=96)
    assert cached[0] == pytest.approx(fresh[0], abs=1e-5) and cached[1] == fresh[1]
    assert all(abs(one - other).max() < 1e-5 for one, other in zip(cached[2], fresh[2]))


def test_cached_stages_are_limited(tiny_source, folders, empty_cache):
    net = gf.freeze_features(gf.finetune_net(tiny_source, folders.classes), until='stage15')
    with pytest.raises(gf.UsageError) as error:
        train(net, folders, views=2, cache_limit=1000)
    assert str(error.value) == (
        f'the features of {len(folders.train)} images, 2 crops each, need 0 MB, but at most 0 MB '
        'are allowed: reduce views, freeze more, raise cache_limit, or set views to 0, which '
        'caches nothing')
    assert os.listdir(empty_cache) == []
