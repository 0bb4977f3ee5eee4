"""The output layer is fitted to the features of the source before anything else learns."""
import numpy as np
import pytest

import gluon_finetune as gf
from gluon_finetune.compat.imports import value_of
from gluon_finetune.config import Config
from gluon_finetune.models.output import weights
from gluon_finetune.training.evaluate import evaluate_accuracy
from gluon_finetune.training.setup import set_up
from gluon_finetune.training.warm_head import fit_output

pytestmark = pytest.mark.mxnet1   # whose graphs can be split
pytest.importorskip('sklearn', reason='scikit-learn is not installed')

OPTIONS = dict(batch_size=8, num_epochs=1, image_size=32, seed=3, progress=False)


@pytest.fixture
def folders(chairs_copy):
    return gf.ImageFolders(chairs_copy)


def new_net(source, folders):
    return gf.finetune_net(source, folders.classes, seed=1)


def accuracy(net, config, folders):
    devices = gf.try_all_gpus()
    _, _, test_iter, *_ = set_up(net, config, folders, devices, False)
    return evaluate_accuracy(net, test_iter, devices)


def test_only_the_output_layer_is_fitted(tiny_source, folders, numpy_mode):
    net, config = new_net(tiny_source, folders), Config(batch_size=8, image_size=32)
    before, guessed = weights(net), accuracy(net, config, folders)
    fit_output(net, config, folders, progress=False)
    after = weights(net)
    changed = {name for name in after if (before[name] != after[name]).any()}
    assert changed == {'output.0.weight'}
    assert accuracy(net, config, folders) > guessed


def test_training_starts_from_the_fitted_layer(tiny_source, folders):
    cold, warm = (gf.train_fine_tuning(new_net(tiny_source, folders), 1e-6, data=folders,
                                       warm_head=warm, **OPTIONS) for warm in (False, True))
    assert warm[0].loss < cold[0].loss


def test_a_run_fits_once(tiny_source, folders, tmp_path, monkeypatch):
    fitted = []
    monkeypatch.setattr('gluon_finetune.runs.train.fit_output',
                        lambda *args: fitted.append(1) or fit_output(*args))
    config = Config(source=tiny_source, warm_head=True, **{
        name: value for name, value in OPTIONS.items() if name != 'progress'})
    net, run = gf.start_run(tmp_path / 'run', config, folders)
    list(gf.train_run(net, run, folders, progress=False))
    net, run = gf.resume_run(tmp_path / 'run', Config(**{**vars(config), 'num_epochs': 2}), folders)
    list(gf.train_run(net, run, folders, progress=False))
    assert len(run.history) == 2 and len(fitted) == 1


def test_two_classes_and_features_of_half_precision(tiny_source, folders):
    two = gf.ImageFolders(folders.root)
    kept = [item for item in two.train.items if item[1] < 2]
    two.train = two.train.subset(kept)
    net = new_net(tiny_source, folders)
    fit_output(net, Config(batch_size=8, image_size=32), two, progress=False)
    weight = value_of(net.output[0].weight)
    assert np.allclose(weight[0], -weight[1]) and not weight[2].any()


def test_networks_that_cannot_be_split_are_refused(folders):
    net = gf.scratch_net('alexnet', folders.classes)
    with pytest.raises(gf.UsageError) as error:
        gf.train_fine_tuning(net, 0.01, data=folders, warm_head=True, **{**OPTIONS,
                                                                         'image_size': 224})
    assert str(error.value) == (
        'warm_head needs MXNet 1 and a network with a Dense output layer, and without Dropout '
        'before it: leave it out')
