"""A checkpoint that is damaged gives way to the one before; one that is a trap runs nothing."""
import os
import pickle
import shutil
from pathlib import Path

import pytest

import gluon_finetune as gf
from gluon_finetune.config import Config
from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.files.hashing import file_sha256
from gluon_finetune.results.predict import Predictor
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.train import resume_run, start_run, train_run

pytestmark = pytest.mark.faults
CONFIG = Config(network='mobilenet0.25', scratch=True, batch_size=8, num_epochs=2, image_size=32)
NAMES = ['best.params', 'state.json', 'trainer.params', 'weights.params', 'SHA256SUMS']


@pytest.fixture(scope='module')
def original(tmp_path_factory, chairs):
    """A run of two epochs, the first of them the best."""
    folders = gf.ImageFolders(chairs)
    net, run = start_run(str(tmp_path_factory.mktemp('original') / 'run'), CONFIG, folders)
    list(train_run(net, run, folders, progress=False))
    assert run.history.best.epoch == 1
    return run.path


@pytest.fixture
def run(original, tmp_path):
    return Path(shutil.copytree(original, tmp_path / 'run'))


def newest(run):
    return run / 'checkpoint' / '000003'


def forge(folder):
    """Makes hashes that fit what is in a checkpoint now, as whoever hands it out can."""
    names = sorted(name for name in os.listdir(folder) if name != 'SHA256SUMS')
    (folder / 'SHA256SUMS').write_text(''.join(
        f'{file_sha256(folder / name)}  {name}\n' for name in names))


def test_each_epoch_has_a_checkpoint_that_is_complete(run):
    assert sorted(os.listdir(run / 'checkpoint')) == ['000002', '000003']
    for number in ('000002', '000003'):
        assert {'state.json', 'trainer.params', 'weights.params', 'SHA256SUMS'} <= set(
            os.listdir(run / 'checkpoint' / number))


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('damage', ['cut', 'flipped', 'gone'])
def test_the_one_before_is_used_and_that_is_said(run, chairs, name, damage):
    path, said = newest(run) / name, []
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    if damage != 'gone':
        path.write_bytes(content if damage == 'flipped' else content[:-1])
    net, resumed = resume_run(str(run), CONFIG, gf.ImageFolders(chairs), said.append)
    assert len(said) == 1 and str(newest(run)) in said[0]
    assert said[0].endswith(': the checkpoint beside it is used')
    assert [r.epoch for r in train_run(net, resumed, gf.ImageFolders(chairs),
                                       progress=False)] == [2]
    again = RunDirectory.open(str(run))
    assert len(again.history) == 2 and len(os.listdir(run / 'checkpoint')) == 2


def test_a_prediction_says_it_too(run):
    (newest(run) / 'state.json').write_text('')
    with pytest.warns(UserWarning, match='is damaged: state.json is not what was written'):
        Predictor.load(str(run))


def test_without_a_whole_one_there_is_no_going_on(run, chairs):
    for number in ('000002', '000003'):
        (run / 'checkpoint' / number / 'weights.params').write_text('')
    with pytest.raises(UsageError) as error:
        resume_run(str(run), CONFIG, gf.ImageFolders(chairs))
    assert str(error.value) == (
        f'no checkpoint under {run}/checkpoint is whole: '
        f'{newest(run)} is damaged: weights.params is not what was written; '
        f'{run}/checkpoint/000002 is damaged: weights.params is not what was written')


def test_a_run_can_be_used_without_its_checkpoints(run):
    expected = Predictor.load(str(run)).net.output.weight.data().asnumpy()
    best = RunDirectory.open(str(run)).history.best
    shutil.rmtree(run / 'checkpoint')
    assert (Predictor.load(str(run)).net.output.weight.data().asnumpy() == expected).all()
    assert RunDirectory.open(str(run)).history.best == best


def test_the_best_weights_are_those_of_the_best_epoch(run):
    again = RunDirectory.open(str(run))
    assert file_sha256(run / 'best.params') == again.last().best_sha256
    names = {1: '000002', 2: '000003'}
    weights = run / 'checkpoint' / names[again.history.best.epoch] / 'weights.params'
    assert file_sha256(weights) == file_sha256(run / 'best.params')


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize('name', ['trainer.params', 'weights.params', 'state.json', 'extra.states'])
def test_no_payload_runs(run, chairs, tmp_path, name):
    content = pickle.dumps(Payload(tmp_path / 'pwned'))
    for number in ('000002', '000003'):
        (run / 'checkpoint' / number / name).write_bytes(content)
        forge(run / 'checkpoint' / number)
    (run / 'checkpoint' / 'epoch-0002.states').write_bytes(content)
    try:
        net, resumed = resume_run(str(run), Config(**{**vars(CONFIG), 'num_epochs': 3}),
                                  gf.ImageFolders(chairs))
        list(train_run(net, resumed, gf.ImageFolders(chairs), progress=False))
    except UsageError:
        assert name != 'extra.states'
    else:
        assert name == 'extra.states'
    assert not (tmp_path / 'pwned').exists()
    pickle.loads(content)
    assert (tmp_path / 'pwned').exists(), 'the payload is none'


@pytest.mark.parametrize('name', [
    'state.json', 'log.txt', 'best.params', 'history.csv', 'config.json', 'history.csv.tmp',
    'best.params.tmp', 'config.json.tmp'])
def test_no_link_in_a_run_leads_out_of_it(run, chairs, tmp_path, name):
    mine = tmp_path / 'mine'
    place = newest(run) / name if name == 'state.json' else run / name
    shutil.copyfile(place if place.is_file() else __file__, mine)
    before = mine.read_bytes()
    if place.exists():
        place.unlink()
    place.symlink_to(mine)
    net, resumed = resume_run(str(run), Config(**{**vars(CONFIG), 'num_epochs': 3}),
                              gf.ImageFolders(chairs), lambda line: None)
    list(train_run(net, resumed, gf.ImageFolders(chairs), progress=False))
    if name == 'log.txt':
        with pytest.raises(WorkError, match='Too many levels of symbolic links'):
            resumed.log('a line')
    assert mine.read_bytes() == before
