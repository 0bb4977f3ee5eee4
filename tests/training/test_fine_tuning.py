import numpy as np
import pytest

import gluon_finetune as gf
from gluon_finetune.errors import UsageError, WorkError

SMALL = dict(batch_size=8, num_epochs=1, image_size=32, seed=0, progress=False)


@pytest.fixture
def folders(chairs):
    return gf.ImageFolders(chairs)


def weights(net):
    return {name: gf.compat.value_of(p) for name, p in net._collect_params_with_prefix().items()}


def test_a_net_is_fine_tuned(numpy_mode, folders):
    net = gf.scratch_net('resnet18_v2', folders.classes)
    history = gf.train_fine_tuning(net, 0.01, data=folders, **SMALL)
    assert [record.epoch for record in history] == [1]
    assert 0 <= history[0].test_acc <= 1


def test_the_same_seed_gives_the_same_weights(folders):
    def run(seed):
        gf.seed_everything(7)
        net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
        history = gf.train_fine_tuning(net, 0.01, data=folders, **{**SMALL, 'seed': seed})
        return history[0].loss, weights(net)

    (loss, first), (same_loss, second), (other_loss, _) = run(1), run(1), run(2)
    assert loss == same_loss and all((first[name] == second[name]).all() for name in first)
    assert loss != other_loss


@pytest.mark.parametrize('batch_size', [5, 1000])
def test_any_batch_size_does(folders, batch_size):
    net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
    numbers = {**SMALL, 'batch_size': batch_size}
    assert len(gf.train_fine_tuning(net, 0.01, data=folders, **numbers)) == 1


def test_the_output_moves_ten_times_as_far(folders):
    """One step with lr_mult=10 against one with lr_mult=1, from the same weights."""
    steps = []
    for lr_mult in (1, 10):
        gf.seed_everything(3)
        source = gf.scratch_net('resnet18_v2', 5)
        source(gf.compat.array(np.zeros((1, 3, 32, 32)), dtype='float32'))
        net = gf.finetune_net(source, folders.classes, lr_mult=lr_mult)
        before = weights(net)
        gf.train_fine_tuning(net, 1e-4, data=folders, **{**SMALL, 'batch_size': 1000})
        after = weights(net)
        steps.append({name: after[name] - before[name] for name in before})
    one, ten = steps
    output, inside = 'output.weight', 'features.5.0.conv1.weight'
    assert np.allclose(ten[output], 10 * one[output], rtol=1e-2, atol=1e-7)
    assert np.allclose(ten[inside], one[inside], rtol=1e-2, atol=1e-7)
    assert abs(one[inside]).max() > 0


@pytest.mark.parametrize('change, message', [
    (dict(batch_size=0), 'batch_size is 0: it must be a whole number from 1 up'),
    (dict(num_epochs=0), 'num_epochs is 0: it must be a whole number from 1 up'),
    (dict(image_size=1.5), 'image_size is 1.5: it must be a whole number from 1 up'),
    (dict(wd=-1), 'wd is -1: it must be a number from 0 up, such as 0.001'),
    (dict(min_area=0), 'min_area is 0: it must be above 0 and at most 1, the share of the image '
                       'that a crop keeps')])
def test_numbers_that_cannot_work_are_refused(folders, change, message):
    with pytest.raises(UsageError) as error:
        gf.train_fine_tuning(None, 0.01, data=folders, **{**SMALL, **change})
    assert str(error.value) == message


@pytest.mark.parametrize('learning_rate', [0, -0.1, float('nan'), float('inf'), 'fast'])
def test_learning_rates_that_cannot_work_are_refused(folders, learning_rate):
    with pytest.raises(UsageError) as error:
        gf.train_fine_tuning(None, learning_rate, data=folders, **SMALL)
    assert str(error.value) == (
        f'learning_rate is {learning_rate!r}: it must be a number above 0, such as 0.01')


def test_classes_must_fit_the_net(folders):
    with pytest.raises(UsageError) as error:
        gf.train_fine_tuning(gf.scratch_net('resnet18_v2', 7), 0.01, data=folders, **SMALL)
    assert str(error.value) == (
        f'the net has 7 outputs and the data {len(folders.classes)} classes: make the net with '
        f'finetune_net(source, classes=folders.classes)')


def test_a_learning_rate_far_too_high_is_found_out(folders):
    net = gf.scratch_net('resnet18_v2', folders.classes)
    with pytest.raises(WorkError, match='the loss is (nan|inf) in epoch . batch|the loss is'):
        gf.train_fine_tuning(net, 1e30, data=folders, **{**SMALL, 'num_epochs': 3})


def test_bad_images_are_refused_before_anything_else(chairs_copy):
    bad = next(iter((chairs_copy / 'train').iterdir())) / 'text.jpg'
    bad.write_text('no image')
    with pytest.raises(UsageError) as error:
        gf.train_fine_tuning(None, 0.01, data=gf.ImageFolders(chairs_copy), **SMALL)
    assert str(error.value).startswith(f'1 image cannot be used ({bad}: ')
    assert str(error.value).endswith(': repair or remove what is named, or go without, by '
                                     '--skip-bad or folders.without(folders.check())')
