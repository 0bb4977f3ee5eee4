"""A run that is killed at any time and resumed equals, bit for bit, one that was not."""
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
def expected(tmp_path_factory, chairs):
    """SHA-256 of the weights after each epoch, and the history, of a run that was not killed."""
    after, history = unbroken(tmp_path_factory.mktemp('unbroken') / 'run', chairs, CONFIG)
    assert len(set(after)) == 3
    return after, history


def unbroken(path, chairs, config):
    folders = ImageFolders(chairs)
    net, run = start_run(str(path), config, folders)
    after = [weights(run) for _ in train_run(net, run, folders, progress=False)]
    return after, untimed(run.history)


def untimed(history):
    return [record._replace(seconds=0, examples_per_sec=0) for record in history]


def resume(path, chairs, config=CONFIG):
    folders = ImageFolders(chairs)
    net, run = resume_run(str(path), config, folders)
    list(train_run(net, run, folders, progress=False))
    return RunDirectory.open(run.path)


def check_results(run, expected):
    """Assert that the best weights are those of the best epoch in the history."""
    after, history = expected
    assert untimed(run.history) == history[:len(run.history)]
    assert not run.history or file_sha256(run.best_weights) == after[run.history.best.epoch - 1]


def check_killed(run, expected):
    """Assert that the last checkpoint is right; results for readers may be an epoch behind it."""
    after, history = expected
    last, published = run.last(), run.history
    saved = last.state.history if last else []
    assert untimed(saved) == history[:len(saved)]
    assert not saved or last.best_sha256 == after[saved.best.epoch - 1]
    if len(published) == len(saved):
        check_results(run, expected)
        return
    assert len(published) == len(saved) - 1 and published == saved[:-1]
    if published:
        assert file_sha256(run.best_weights) in (after[published.best.epoch - 1], last.best_sha256)


def test_two_epochs_and_one_more_are_three(tmp_path, chairs, expected):
    folders = ImageFolders(chairs)
    net, run = start_run(str(tmp_path / 'run'), dataclasses.replace(CONFIG, num_epochs=2), folders)
    list(train_run(net, run, folders, progress=False))
    run = resume(run.path, chairs)
    assert weights(run) == expected[0][2] and untimed(run.history) == expected[1]


@pytest.mark.parametrize('every, workers', [(None, 1), (2, 1), (1, 2), (2, 0)])
def test_a_run_killed_in_the_middle_of_an_epoch(tmp_path, chairs, expected, every, workers):
    config = dataclasses.replace(CONFIG, checkpoint_every=every, num_workers=workers)
    assert train_and_kill(tmp_path / 'run', config, chairs, at_batch=8)
    run = RunDirectory.open(str(tmp_path / 'run'))
    assert run.last().state.position[:2] == {None: (2, 0), 2: (2, 2), 1: (2, 2)}[every]
    check_killed(run, expected)
    run = resume(run.path, chairs, config)
    assert weights(run) == expected[0][2] and untimed(run.history) == expected[1]
    check_results(run, expected)


def test_a_run_killed_again_and_again(tmp_path, chairs, expected):
    config = dataclasses.replace(CONFIG, checkpoint_every=1)
    for batch in (0, 3, 6, 2, 4):
        assert train_and_kill(tmp_path / 'run', config, chairs, at_batch=batch)
    run = resume(tmp_path / 'run', chairs, config)
    assert weights(run) == expected[0][2] and untimed(run.history) == expected[1]


def test_a_run_with_validation_images_killed_in_the_middle_of_an_epoch(tmp_path, chairs_val):
    config = dataclasses.replace(CONFIG, checkpoint_every=2)
    expected = unbroken(tmp_path / 'unbroken', chairs_val, config)
    assert all(record.is_validated for record in expected[1])
    assert train_and_kill(tmp_path / 'run', config, chairs_val, at_batch=8)
    run = RunDirectory.open(str(tmp_path / 'run'))
    assert run.last().state.position[:2] == (2, 2)
    check_killed(run, expected)
    run = resume(run.path, chairs_val, config)
    assert weights(run) == expected[0][2] and untimed(run.history) == expected[1]
    check_results(run, expected)


@pytest.mark.slow
def test_a_run_killed_between_any_two_writes(tmp_path, chairs):
    config = dataclasses.replace(CONFIG, num_epochs=2, batch_size=12)
    after, history = unbroken(tmp_path / 'unbroken', chairs, config)
    for call in range(1, 1000):
        path = tmp_path / f'run-{call}'
        if not train_and_kill(path, config, chairs, at_call=call):
            break
        check_killed(RunDirectory.open(str(path)), (after, history))
        if call % 8 == 0:
            run = resume(path, chairs, config)
            assert weights(run) == after[-1] and untimed(run.history) == history
            check_results(run, (after, history))
    assert call > 30
