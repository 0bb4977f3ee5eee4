"""The output layer is fitted to the features of the source before anything else learns."""
import dataclasses

import numpy as np
import pytest

import gluon_finetune as gf
from gluon_finetune.compat.imports import value_of
from gluon_finetune.config import Config
from gluon_finetune.models.output import weights
from gluon_finetune.training.warm_head import fit_output

pytestmark = pytest.mark.mxnet1   # whose graphs can be split
pytest.importorskip('sklearn', reason='scikit-learn is not installed')

OPTIONS = dict(batch_size=8, num_epochs=1, image_size=64, seed=3, progress=False)


@pytest.fixture
def folders(chairs_copy):
    return gf.ImageFolders(chairs_copy)


def new_net(tiny_source, folders):
    return gf.finetune_net(tiny_source, folders.classes, seed=1)


def test_only_the_output_layer_is_fitted(tiny_source, folders, numpy_mode):
    net, config = new_net(tiny_source, folders), Config(batch_size=8, image_size=64)
    before = weights(net)
    fit_output(net, config, folders, progress=False)
    after = weights(net)
    changed = {name for name in after if (before[name] != after[name]).any()}
    assert changed == {'output.0.weight'}


@pytest.mark.realdata
def test_the_fitted_layer_knows_photographs(hotdog_root, weights_root):
    folders = gf.ImageFolders(hotdog_root)
    folders.train = folders.train.subset(folders.train.items[::10])
    folders.test = folders.test.subset(folders.test.items[::10])
    net = new_net(str(weights_root / 'resnet18_v2-imagenet100-64px.params'), folders)
    warm = gf.train_fine_tuning(net, 1e-6, data=folders, warm_head=True,
                                **{**OPTIONS, 'batch_size': 32})
    assert warm.best.test_acc >= .8


def test_a_run_fits_once(tiny_source, folders, tmp_path, monkeypatch):
    fitted = []
    monkeypatch.setattr('gluon_finetune.runs.train.fit_output',
                        lambda *args: fitted.append(1) or fit_output(*args))
    config = Config(source=tiny_source, warm_head=True, learning_rate=1e-4, **{
        name: value for name, value in OPTIONS.items() if name != 'progress'})
    net, run = gf.start_run(tmp_path / 'run', config, folders)
    list(gf.train_run(net, run, folders, progress=False))
    more = dataclasses.replace(run.config, num_epochs=2)
    net, run = gf.resume_run(tmp_path / 'run', more, folders)
    list(gf.train_run(net, run, folders, progress=False))
    assert len(run.history) == 2 and len(fitted) == 1


def test_two_classes_and_features_of_half_precision(tiny_source, folders):
    two = gf.ImageFolders(folders.root)
    kept = [item for item in two.train.items if item[1] < 2]
    two.train = two.train.subset(kept)
    net = new_net(tiny_source, folders)
    fit_output(net, Config(batch_size=8, image_size=64), two, progress=False)
    weight = value_of(net.output[0].weight)
    assert np.allclose(weight[0], -weight[1]) and not weight[2].any()


def test_networks_that_cannot_be_split_are_refused(folders):
    net = gf.scratch_net('alexnet', folders.classes)
    with pytest.raises(gf.UsageError) as error:
        gf.train_fine_tuning(net, 0.01, data=folders, warm_head=True, **{**OPTIONS,
                                                                         'image_size': 224})
    assert str(error.value) == (
        'warm_head needs MXNet 1, and a network without Dropout whose output layer takes one '
        'vector per image: leave it out')
