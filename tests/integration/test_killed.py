"""A run that is killed at any time goes on to be, bit for bit, the run that was not."""
import dataclasses

import pytest
from killed_run import train_and_kill

from gluon_finetune import ImageFolders
from gluon_finetune.config import Config
from gluon_finetune.files.hashing import file_sha256
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.train import resume_run, start_run, train_run

pytestmark = pytest.mark.faults
CONFIG = Config(network='mobilenet0.25', scratch=True, batch_size=5, num_epochs=3,
                image_size=32, learning_rate=0.05)


def weights(run):
    return file_sha256(RunDirectory.open(run.path).last().snapshot.file('weights.params'))


@pytest.fixture(scope='module')
def whole(tmp_path_factory, chairs):
    """The unbroken run: SHA-256 of its weights after each epoch, and its history."""
    after, history = unbroken(tmp_path_factory.mktemp('whole') / 'run', chairs, CONFIG)
    assert len(set(after)) == 3
    return after, history


def unbroken(path, chairs, config):
    folders = ImageFolders(chairs)
    net, run = start_run(str(path), config, folders)
    after = [weights(run) for _ in train_run(net, run, folders, progress=False)]
    return after, untimed(run.history)


def untimed(history):
    return [record._replace(seconds=0, examples_per_sec=0) for record in history]


def go_on(path, chairs, config=CONFIG):
    folders = ImageFolders(chairs)
    net, run = resume_run(str(path), config, folders)
    list(train_run(net, run, folders, progress=False))
    return RunDirectory.open(run.path)


def agrees(run, whole):
    """Whether the best weights are those of the epoch that the history says is best."""
    after, history = whole
    assert untimed(run.history) == history[:len(run.history)]
    return not run.history or file_sha256(run.best_weights) == after[run.history.best.epoch - 1]


def test_two_epochs_and_one_more_are_three(tmp_path, chairs, whole):
    folders = ImageFolders(chairs)
    net, run = start_run(str(tmp_path / 'run'), dataclasses.replace(CONFIG, num_epochs=2), folders)
    list(train_run(net, run, folders, progress=False))
    run = go_on(run.path, chairs)
    assert weights(run) == whole[0][2] and untimed(run.history) == whole[1]


@pytest.mark.parametrize('every, workers', [(None, 1), (2, 1), (1, 2), (2, 0)])
def test_a_run_killed_in_the_middle_of_an_epoch(tmp_path, chairs, whole, every, workers):
    config = dataclasses.replace(CONFIG, checkpoint_every=every, num_workers=workers)
    assert train_and_kill(tmp_path / 'run', config, chairs, at_batch=8)
    run = RunDirectory.open(str(tmp_path / 'run'))
    assert run.last().state.place[:2] == {None: (2, 0), 2: (2, 2), 1: (2, 2)}[every]
    assert agrees(run, whole)
    run = go_on(run.path, chairs, config)
    assert weights(run) == whole[0][2] and untimed(run.history) == whole[1] and agrees(run, whole)


def test_a_run_killed_again_and_again(tmp_path, chairs, whole):
    config = dataclasses.replace(CONFIG, checkpoint_every=1)
    for batch in (0, 3, 6, 2, 4):
        assert train_and_kill(tmp_path / 'run', config, chairs, at_batch=batch)
    run = go_on(tmp_path / 'run', chairs, config)
    assert weights(run) == whole[0][2] and untimed(run.history) == whole[1]


@pytest.mark.slow
def test_a_run_killed_between_any_two_writes(tmp_path, chairs):
    config = dataclasses.replace(CONFIG, num_epochs=2, batch_size=12)
    after, history = unbroken(tmp_path / 'unbroken', chairs, config)
    for call in range(1, 1000):
        path = tmp_path / f'run-{call}'
        if not train_and_kill(path, config, chairs, at_call=call):
            break
        assert agrees(RunDirectory.open(str(path)), (after, history)), f'killed before call {call}'
        if call % 8 == 0:
            run = go_on(path, chairs, config)
            assert weights(run) == after[-1] and untimed(run.history) == history
            assert agrees(run, (after, history))
    assert call > 30
