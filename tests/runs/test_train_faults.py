"""In the middle of a run, disks fill, folders vanish, images break and losses explode."""
import os
import random
import shutil
import subprocess

import numpy as np
import pytest
from full_disk import small_disk

import gluon_finetune as gf
from gluon_finetune.config import Config
from gluon_finetune.data import image as decode
from gluon_finetune.data import loader
from gluon_finetune.errors import Diverged, UsageError, WorkError
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.train import resume_run, start_run, train_run
from gluon_finetune.training.metrics import START

pytestmark = pytest.mark.faults
CONFIG = Config(network='mobilenet0.25', scratch=True, batch_size=5, num_epochs=3,
                image_size=32)
FULL = ('cannot save the run in {run}: {reason}; earlier checkpoints are complete: fix this, then '
        'continue with --resume')


def replace(**changes):
    return Config(**{**vars(CONFIG), **changes})


REWIND = replace(on_diverge='rewind')


@pytest.fixture
def folders(chairs):
    return gf.ImageFolders(chairs)


@pytest.fixture
def own(chairs_copy):
    """Folders whose images a test may change."""
    return gf.ImageFolders(chairs_copy)


def start(path, folders, config=CONFIG, **options):
    net, run = start_run(str(path), config, folders)
    return run, train_run(net, run, folders, progress=False, **options)


def resume(run, folders, **changes):
    net, run = resume_run(run.path, Config(**{**vars(run.config), **changes}), folders)
    return list(train_run(net, run, folders, progress=False))


def files(folder):
    return sorted(os.path.relpath(os.path.join(where, name), folder)
                  for where, _, names in os.walk(folder) for name in names
                  if name != '.lock')   # there while a process trains


# the disk

def test_a_disk_that_fills_up(tmp_path, folders):
    with small_disk(tmp_path / 'disk', '8m') as disk:
        run, epochs = start(disk / 'run', folders)
        next(epochs)
        before = files(disk)
        with open(disk / 'other', 'wb', buffering=0) as other, pytest.raises(OSError):
            while True:
                other.write(bytes(1 << 16))
        with pytest.raises(WorkError) as error:
            next(epochs)
        assert str(error.value) == FULL.format(run=run.path, reason='No space left on device')
        os.remove(disk / 'other')
        assert files(disk) == before
        assert [record.epoch for record in resume(run, folders)] == [2, 3]


def test_a_disk_too_small_is_found_before_the_first_batch(tmp_path, folders):
    with small_disk(tmp_path / 'disk', '500k') as disk:
        run, epochs = start(disk / 'run', folders)
        with pytest.raises(WorkError) as error:
            next(epochs)
        assert str(error.value) == FULL.format(run=run.path, reason='No space left on device')
        assert files(run.path) == ['config.json', 'data.txt', 'labels.json', 'pictures.csv']


def test_a_disk_that_becomes_read_only(tmp_path, folders):
    with small_disk(tmp_path / 'disk', '20m') as disk:
        run, epochs = start(disk / 'run', folders)
        next(epochs)
        before = files(disk)
        # Mounted over itself, because its lock file is open for writing.
        for options in (['--bind', run.path], ['-o', 'remount,bind,ro']):
            subprocess.run(['mount', *options, run.path], check=True)
        with pytest.raises(WorkError) as error:
            next(epochs)
        assert str(error.value) == FULL.format(run=run.path, reason='Read-only file system')
        with pytest.raises(WorkError, match='Read-only file system'):
            run.log('a line')
        assert files(disk) == before and len(RunDirectory.open(run.path).history) == 1


def test_a_run_directory_that_is_deleted(tmp_path, folders):
    run, epochs = start(tmp_path / 'run', folders)
    next(epochs)
    shutil.rmtree(run.path)
    with pytest.raises(WorkError) as error:
        next(epochs)
    assert str(error.value) == f'the run directory {run.path} is gone: nothing can be saved'
    assert not os.path.exists(run.path)


# images

@pytest.mark.parametrize('spoil, reason', [
    (os.remove, 'cannot be read: No such file or directory'),
    (lambda path: shutil.copyfile('/dev/null', path), 'the file is empty'),
    (lambda path: (os.remove(path), os.mkfifo(path)), 'not a file')])
def test_an_unreadable_image_stops_the_run_where_it_is(tmp_path, own, spoil, reason):
    run, epochs = start(tmp_path / 'run', own)
    next(epochs)
    path, copy = own.train.items[3][0], tmp_path / 'copy.jpg'
    shutil.copyfile(path, copy)
    spoil(path)
    with pytest.raises(UsageError) as error:
        next(epochs)
    assert str(error.value) == (
        f'cannot use the image {path}: {reason}; the batches before it are saved: fix the image '
        f'and continue with --resume, or skip it with --resume --on-bad skip')
    if os.path.lexists(path):
        os.remove(path)
    shutil.copyfile(copy, path)
    resume(run, own)
    unbroken, epochs = start(tmp_path / 'unbroken', own)
    list(epochs)
    assert weights(run) == weights(unbroken)


def weights(run):
    return RunDirectory.open(run.path).last().snapshot.sums['weights.params']


def test_an_unreadable_image_is_skipped_and_named(tmp_path, own):
    lines = []
    run, epochs = start(tmp_path / 'run', own, replace(on_bad='skip'), notify=lines.append)
    next(epochs)
    gone, broken = own.train.items[3][0], own.test.items[5][0]
    os.remove(gone)
    with open(broken, 'wb'):
        pass
    next(epochs)
    assert lines == [f'epoch 2 skipped 2 images ({gone}: cannot be read: No such file or '
                    f'directory; {broken}: the file is empty)']
    state = RunDirectory.open(run.path).last().state
    assert state.skipped == {gone: 'cannot be read: No such file or directory',
                              broken: 'the file is empty'}
    assert state.history[1].test_acc * 11 == pytest.approx(round(state.history[1].test_acc * 11))
    assert state.history[1].train_acc * 23 == pytest.approx(round(state.history[1].train_acc * 23))


def test_a_run_that_an_image_stopped_can_skip_it(tmp_path, own, chairs_copy):
    run, epochs = start(tmp_path / 'run', own)
    next(epochs)
    os.remove(own.train.items[3][0])
    with pytest.raises(UsageError):
        next(epochs)
    now = gf.ImageFolders(chairs_copy)
    with pytest.raises(UsageError) as error:
        resume(run, now)
    assert str(error.value) == (
        f'the images in {chairs_copy} are not those that {run.path} was started with: 1 missing '
        f'(train/bench/3.jpg); restore the original images')
    with pytest.warns(UserWarning, match='epoch 2 skipped 1 image '):
        assert [record.epoch for record in resume(run, now, on_bad='skip', num_epochs=2)] == [2]


def test_an_empty_batch_does_not_shift_the_others(tmp_path, chairs):
    config = replace(batch_size=1, num_epochs=1, on_bad='skip', checkpoint_every=1)
    unbroken, parts = [start_and_remove(tmp_path / name, chairs, config) for name in ('a', 'b')]
    list(unbroken[2])
    for saves in (2, 5, 9):   # eight random images of 24 are missing
        run, folders, epochs = parts
        interrupt(run, epochs, saves)
        net, run = resume_run(run.path, config, folders)
        parts = run, folders, train_run(net, run, folders, progress=False, notify=lambda line: None)
    list(parts[2])
    assert weights(unbroken[0]) == weights(run)
    assert len(RunDirectory.open(run.path).last().state.skipped) == 8


def start_and_remove(path, chairs, config):
    folders = gf.ImageFolders(shutil.copytree(chairs, path / 'chairs'))
    run, epochs = start(path / 'run', folders, config, notify=lambda line: None)
    for gone, _ in random.Random(1).sample(folders.train.items, 8):
        os.remove(gone)
    return run, folders, epochs


def interrupt(run, epochs, saves):
    save = run.save_checkpoint

    def interrupted(*arguments):
        nonlocal saves
        saves -= 1
        if not saves:
            raise KeyboardInterrupt
        save(*arguments)
    run.save_checkpoint = interrupted
    with pytest.raises(KeyboardInterrupt):
        list(epochs)


def test_an_image_whose_reading_hangs_is_skipped(tmp_path, own, monkeypatch):
    lines = []
    run, epochs = start(tmp_path / 'run', own, replace(on_bad='skip', num_epochs=2),
                        notify=lines.append)
    next(epochs)
    path = own.train.items[3][0]
    os.remove(path)
    os.mkfifo(path)   # opening it waits for a writer that never comes
    monkeypatch.setattr(decode, 'check_image_file', lambda path: None)   # which refuses pipes
    monkeypatch.setattr(loader, 'READ_TIMEOUT_S', 0.5)
    next(epochs)
    assert lines == [f'epoch 2 skipped 1 image ({path}: reading it timed out after 0.5 '
                    f'seconds)']


def test_an_exception_in_a_worker_thread_stops_the_run(tmp_path, own, monkeypatch):
    run, epochs = start(tmp_path / 'run', own, replace(on_bad='skip'))
    next(epochs)
    monkeypatch.setattr(loader.ImageLoader, 'prepare', lambda *_: 1 // 0)
    with pytest.raises(WorkError, match=r'preparing the image .*\.jpg failed: ZeroDivisionError'):
        next(epochs)
    monkeypatch.undo()
    assert [record.epoch for record in resume(run, own)] == [2, 3]


# the loss

class Exploding:
    """Multiply the weights at some steps, which themselves had a finite loss."""

    def __init__(self, monkeypatch, at, value=np.inf):
        from gluon_finetune.compat.imports import mx
        step, self.at, self.steps = mx.gluon.Trainer.step, set(at), 0

        def multiplied(trainer, *arguments, **options):
            step(trainer, *arguments, **options)
            self.steps += 1
            if self.steps in self.at:
                for param in trainer._params:
                    if param.grad_req != 'null':
                        param.set_data(param.data() * value)
        monkeypatch.setattr(mx.gluon.Trainer, 'step', multiplied)


def test_a_loss_of_nan_stops_the_run(tmp_path, folders, monkeypatch):
    run, epochs = start(tmp_path / 'run', folders)
    Exploding(monkeypatch, [7])
    next(epochs)
    with pytest.raises(Diverged, match='the loss is nan in epoch 2, batch 3, at learning rate 0'):
        next(epochs)
    state = RunDirectory.open(run.path).last().state
    assert state.position == START._replace(epoch=2) and len(state.history) == 1


def test_weights_of_nan_are_not_saved(tmp_path, folders, monkeypatch):
    run, epochs = start(tmp_path / 'run', folders, replace(checkpoint_every=1))
    Exploding(monkeypatch, [7])
    next(epochs)
    with pytest.raises(Diverged, match=r'is NaN or infinite in epoch 2 after batch 2, at learning '
                                       r'rate 0\.01: try a smaller one, such as 0\.001'):
        next(epochs)
    assert RunDirectory.open(run.path).last().state.position[:2] == (2, 1)


def test_a_run_is_restored_with_half_the_learning_rate(tmp_path, folders, monkeypatch):
    lines = []
    run, epochs = start(tmp_path / 'run', folders, REWIND, notify=lines.append)
    Exploding(monkeypatch, [7])
    records = list(epochs)
    assert [record.epoch for record in records] == [1, 2, 3]
    assert [record.learning_rate for record in records] == [0.01, 0.005, 0.005]
    assert lines == ['the loss is nan in epoch 2, batch 3, at learning rate 0.01: restored the '
                     'checkpoint at the end of epoch 1 and halved the learning rate to 0.005 (1 of '
                     'at most 5 times)']
    resumed = resume(run, folders, num_epochs=4)
    assert [record.learning_rate for record in resumed] == [0.005]
    assert RunDirectory.open(run.path).last().state.rewinds == 1


def test_a_run_that_diverges_at_once_is_restored_to_its_beginning(tmp_path, folders, monkeypatch):
    lines = []
    run, epochs = start(tmp_path / 'run', folders, REWIND, notify=lines.append)
    Exploding(monkeypatch, [1, 4])   # three steps are made before the second loss is read
    assert next(epochs).learning_rate == 0.0025
    assert [line.partition('rate ')[2] for line in lines] == [
        '0.01: restored the checkpoint at the beginning and halved the learning rate to 0.005 (1 '
        'of at most 5 times)',
        '0.005: restored the checkpoint at the beginning and halved the learning rate to 0.0025 (2 '
        'of at most 5 times)']


def test_a_checkpoint_of_huge_weights_is_passed_over(tmp_path, folders, monkeypatch):
    lines = []
    run, epochs = start(tmp_path / 'run', folders, REWIND, notify=lines.append)
    Exploding(monkeypatch, [10], value=1e20)   # finite and useless, at the end of epoch 2
    records = list(epochs)
    assert [record.epoch for record in records] == [1, 2, 2, 3]
    assert ['at the end of epoch 2' in lines[0], 'at the end of epoch 1' in lines[1]] == [
        True, True]
    history = RunDirectory.open(run.path).history
    assert [record.learning_rate for record in history] == [0.01, 0.0025, 0.0025]


def test_a_run_is_restored_five_times_at_most(tmp_path, folders, monkeypatch):
    lines = []
    run, epochs = start(tmp_path / 'run', folders, REWIND, notify=lines.append)
    Exploding(monkeypatch, range(1, 1000))
    with pytest.raises(Diverged) as error:
        next(epochs)
    assert str(error.value) == (
        'the loss is nan in epoch 1, batch 2, at learning rate 0.0003125: try a smaller one, such '
        'as 3.125e-05; restoring a checkpoint and halving the learning rate has not helped 5 times')
    assert len(lines) == 5 and len(RunDirectory.open(run.path).history) == 0
