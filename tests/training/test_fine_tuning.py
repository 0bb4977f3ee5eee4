import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest

import gluon_finetune as gf
from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.training import fine_tuning

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
def test_any_batch_size_works(folders, batch_size):
    net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
    numbers = {**SMALL, 'batch_size': batch_size}
    assert len(gf.train_fine_tuning(net, 0.01, data=folders, **numbers)) == 1


def test_the_output_layer_learns_ten_times_as_fast(folders):
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
    (dict(batch_size=0), 'batch_size must be a whole number of at least 1, not 0'),
    (dict(num_epochs=0), 'num_epochs must be a whole number of at least 1, not 0'),
    (dict(image_size=1.5), 'image_size must be a whole number of at least 1, not 1.5'),
    (dict(wd=-1), 'wd must be a number of at least 0, not -1'),
    (dict(min_area=0), 'min_area must be a number above 0 and at most 1, not 0')])
def test_values_out_of_range_are_errors(folders, change, message):
    with pytest.raises(UsageError) as error:
        gf.train_fine_tuning(None, 0.01, data=folders, **{**SMALL, **change})
    assert str(error.value) == message


@pytest.mark.parametrize('learning_rate', [0, -0.1, float('nan'), float('inf'), 'fast'])
def test_learning_rates_out_of_range_are_errors(folders, learning_rate):
    with pytest.raises(UsageError) as error:
        gf.train_fine_tuning(None, learning_rate, data=folders, **SMALL)
    assert str(error.value) == f'learning_rate must be a number above 0, not {learning_rate!r}'


@pytest.mark.parametrize('name', ['lr', 'freeze', 'on_bad'])
def test_an_unknown_option_is_an_error_that_names_the_known_ones(folders, name):
    with pytest.raises(UsageError) as error:
        gf.train_fine_tuning(None, 0.01, data=folders, **{name: 1})
    assert str(error.value) == (
        f'unknown option {name!r}; known options: learning_rate, batch_size, chapter_batches, '
        f'num_epochs, wd, image_size, min_area, drop_leaks, warm_head, seed, dtype, views, '
        f'num_workers, cache, cache_limit')


def given(monkeypatch, *arguments, **options):
    """The `Config` that `train_fine_tuning` makes of its arguments."""
    made = []

    def set_up(net, config, *others):
        made.append(config)
        raise WorkError('no training')
    monkeypatch.setattr(fine_tuning, 'set_up', set_up)
    monkeypatch.setattr(fine_tuning, 'refuse_bad_images', lambda *_: None)
    monkeypatch.setattr(fine_tuning, 'check_output', lambda *_: None)
    monkeypatch.setattr(fine_tuning, 'find_copies', lambda *_: [])
    with pytest.raises(WorkError):
        gf.train_fine_tuning(None, *arguments, data=SimpleNamespace(classes=[], notes=[]),
                             **options)
    return made[0]


def test_defaults_are_those_of_the_chapter_without_a_seed(monkeypatch):
    assert given(monkeypatch, 0.1) == gf.Config(learning_rate=0.1, seed=None)
    assert given(monkeypatch, 0.1).batch_size == 128 and given(monkeypatch, 0.1).num_epochs == 5


def test_arguments_overrule_options_of_a_config(monkeypatch):
    config = gf.Config(batch_size=16, num_epochs=3, wd=0, seed=7)
    assert given(monkeypatch, 0.01, config=config) == config
    assert given(monkeypatch, 0.01, 4, config=config, wd=0.5) == (
        gf.Config(batch_size=4, num_epochs=3, wd=0.5, seed=7))


def test_the_net_needs_one_output_per_class(folders):
    with pytest.raises(UsageError) as error:
        gf.train_fine_tuning(gf.scratch_net('resnet18_v2', 7), 0.01, data=folders, **SMALL)
    assert str(error.value) == (
        f'the net has 7 outputs and the data {len(folders.classes)} classes: make the net with '
        f'finetune_net(source, classes=folders.classes)')


def test_a_learning_rate_far_too_high_diverges(folders):
    net = gf.scratch_net('resnet18_v2', folders.classes)
    with pytest.raises(WorkError, match='the loss is (nan|inf) in epoch . batch|the loss is'):
        gf.train_fine_tuning(net, 1e30, data=folders, **{**SMALL, 'num_epochs': 3})


def test_images_that_cannot_be_decoded_are_an_error_before_training(chairs_copy):
    bad = next(iter((chairs_copy / 'train').iterdir())) / 'text.jpg'
    bad.write_text('no image')
    with pytest.raises(UsageError) as error:
        gf.train_fine_tuning(gf.scratch_net('mobilenetv2_0.25', 3), 0.01,
                             data=gf.ImageFolders(chairs_copy), **SMALL)
    assert str(error.value).startswith(f'1 image cannot be used ({bad}: ')
    assert str(error.value).endswith(': repair or remove the files, or skip them with --skip-bad '
                                     'or folders.without(folders.check())')


class Interrupting(gf.data.loader.ImageLoader):
    """A loader of the training images that sends Ctrl-C while its batch `at` is prepared."""

    def batches(self, start=0):
        for batch in super().batches(start):
            self.seen = getattr(self, 'seen', 0) + 1
            if self.shuffle and self.seen == Interrupting.at:
                os.kill(os.getpid(), signal.SIGINT)
            yield batch


@pytest.mark.parametrize('at, epochs, line', [
    (2, 0, 'interrupted in epoch 1 of 3: the history has no finished epochs'),
    (5, 1, 'interrupted in epoch 2 of 3: the history has 1 finished epoch'),
    (7, 2, 'interrupted in epoch 3 of 3: the history has 2 finished epochs')])
def test_ctrl_c_returns_the_finished_epochs(folders, monkeypatch, capsys, at, epochs, line):
    monkeypatch.setattr('gluon_finetune.data.loader.ImageLoader', Interrupting)
    monkeypatch.setattr(Interrupting, 'at', at, raising=False)
    before = signal.getsignal(signal.SIGINT)
    net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
    history = gf.train_fine_tuning(net, 0.01, data=folders, **{**SMALL, 'num_epochs': 3})
    assert [record.epoch for record in history] == list(range(1, epochs + 1))
    assert capsys.readouterr() == ('', f'{line}\n')
    assert signal.getsignal(signal.SIGINT) is before


def test_a_line_per_epoch_where_no_bar_can_be_drawn(folders, capsys):
    net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
    options = {**SMALL, 'num_epochs': 2, 'progress': True}
    history = gf.train_fine_tuning(net, 0.01, data=folders, **options)
    assert capsys.readouterr() == ('', f'{history!r}\n')


def test_cheap_checks_come_before_the_images_are_read(folders, monkeypatch):
    monkeypatch.setattr(fine_tuning, 'refuse_bad_images', lambda *_: pytest.fail('images'))
    with pytest.raises(UsageError, match='the net has 7 outputs'):
        gf.train_fine_tuning(gf.scratch_net('resnet18_v2', 7), 0.01, data=folders, **SMALL)


def test_what_is_not_used_of_the_folder_is_a_warning(chairs_copy):
    (chairs_copy / 'train' / 'sofa' / 'list.csv').touch()
    net = gf.scratch_net('mobilenetv2_0.25', 3)
    with pytest.warns(UserWarning) as caught:
        gf.train_fine_tuning(net, 0.01, data=gf.ImageFolders(chairs_copy), **SMALL)
    own, = [warning for warning in caught if warning.category is UserWarning]
    assert str(own.message) == f'not used: 1 file in {chairs_copy} (1 .csv)'
    assert own.filename == __file__


def test_copies_are_a_warning_and_leaks_are_skipped_on_request(chairs_copy):
    for name, copy in (('train/sofa/3.jpg', 'test/sofa/0.jpg'),
                       ('train/sofa/3.jpg', 'train/sofa/9.jpg')):
        (chairs_copy / copy).write_bytes((chairs_copy / name).read_bytes())
    folders = gf.ImageFolders(chairs_copy)
    net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
    with pytest.warns(UserWarning) as caught:
        history = gf.train_fine_tuning(net, 0.01, data=folders, drop_leaks=True, **SMALL)
    own = [warning for warning in caught if warning.category is UserWarning]
    assert [str(warning.message) for warning in own] == [
        '1 of 12 test images is a copy of a training image (test/sofa/0.jpg = train/sofa/3.jpg): '
        'skipped',
        '1 of 25 training images is a copy of another one in their class (train/sofa/9.jpg = '
        'train/sofa/3.jpg): they count more than once; remove them']
    assert round(history[0].test_acc * 11, 6) in range(12) and own[0].filename == __file__


def test_validation_images_are_evaluated_and_the_test_images_at_the_end(chairs_val):
    folders = gf.ImageFolders(chairs_val)
    net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
    history = gf.train_fine_tuning(net, 0.01, data=folders, **{**SMALL, 'num_epochs': 2})
    assert np.isnan(history[0].test_acc) and round(9 * history[0].val_acc, 6) in range(10)
    val_iter, test_iter = (gf.load_data(folders, 8, 32, eval_part=part)[1]
                           for part in ('val', 'test'))
    assert history[1].val_acc == gf.evaluate_accuracy(net, val_iter)   # net is of the last epoch
    assert history[1].test_acc == gf.evaluate_accuracy(net, test_iter)
    assert history.best.val_acc == max(record.val_acc for record in history)


def test_ctrl_c_leaves_the_test_images_unread(chairs_val, monkeypatch):
    monkeypatch.setattr('gluon_finetune.data.loader.ImageLoader', Interrupting)
    monkeypatch.setattr(Interrupting, 'at', 5, raising=False)
    monkeypatch.setattr(fine_tuning, 'load_data', lambda *_, **__: pytest.fail('test images'))
    folders = gf.ImageFolders(chairs_val)
    net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
    history = gf.train_fine_tuning(net, 0.01, data=folders, **{**SMALL, 'num_epochs': 3})
    assert [record.is_validated for record in history] == [True]


def test_ctrl_c_while_the_test_images_are_read(chairs_val, monkeypatch):
    def interrupted(net, batches, devices):
        os.kill(os.getpid(), signal.SIGINT)
        list(batches)
    monkeypatch.setattr(fine_tuning, 'evaluate_accuracy', interrupted)
    folders = gf.ImageFolders(chairs_val)
    net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
    history = gf.train_fine_tuning(net, 0.01, data=folders, **SMALL)
    assert history[0].is_validated and np.isnan(history[0].test_acc)
