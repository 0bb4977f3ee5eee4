"""A corrupt checkpoint is replaced by the one before; a malicious one runs no code."""
import builtins
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
    """Make the hashes of a checkpoint match its files, as its author can."""
    names = sorted(name for name in os.listdir(folder) if name != 'SHA256SUMS')
    (folder / 'SHA256SUMS').write_text(''.join(
        f'{file_sha256(folder / name)}  {name}\n' for name in names))


def test_each_epoch_has_a_complete_checkpoint(run):
    assert sorted(os.listdir(run / 'checkpoint')) == ['000002', '000003']
    for number in ('000002', '000003'):
        assert {'state.json', 'trainer.params', 'weights.params', 'SHA256SUMS'} <= set(
            os.listdir(run / 'checkpoint' / number))


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('damage', ['cut', 'flipped', 'gone'])
def test_the_checkpoint_before_is_used_and_reported(run, chairs, name, damage):
    path, lines = newest(run) / name, []
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    if damage != 'gone':
        path.write_bytes(content if damage == 'flipped' else content[:-1])
    net, resumed = resume_run(str(run), CONFIG, gf.ImageFolders(chairs), lines.append)
    assert len(lines) == 1 and str(newest(run)) in lines[0]
    assert lines[0].endswith('; using the other checkpoint')
    assert [r.epoch for r in train_run(net, resumed, gf.ImageFolders(chairs),
                                       progress=False)] == [2]
    again = RunDirectory.open(str(run))
    assert len(again.history) == 2 and len(os.listdir(run / 'checkpoint')) == 2


def test_a_run_whose_checkpoints_are_all_corrupt_cannot_be_resumed(run, chairs):
    for number in ('000002', '000003'):
        (run / 'checkpoint' / number / 'weights.params').write_text('')
    with pytest.raises(UsageError) as error:
        resume_run(str(run), CONFIG, gf.ImageFolders(chairs))
    assert str(error.value) == (
        f'every checkpoint in {run}/checkpoint is corrupt: '
        f'{newest(run)} is corrupt: weights.params is missing or was changed; '
        f'{run}/checkpoint/000002 is corrupt: weights.params is missing or was changed')


def test_a_prediction_opens_no_checkpoint(run, monkeypatch):
    opened, real = [], builtins.open

    def recording(file, *arguments, **options):
        opened.append(os.fspath(file))
        return real(file, *arguments, **options)
    monkeypatch.setattr(builtins, 'open', recording)
    Predictor.load(str(run))
    inside = {os.path.relpath(path, run) for path in opened if str(path).startswith(str(run))}
    assert inside == {'config.json', 'labels.json', 'history.csv', 'best.params'}


def test_a_run_can_be_used_without_its_checkpoints(run):
    expected = Predictor.load(str(run)).net.output.weight.data().asnumpy()
    best = RunDirectory.open(str(run)).history.best
    shutil.rmtree(run / 'checkpoint')
    assert (Predictor.load(str(run)).net.output.weight.data().asnumpy() == expected).all()
    assert RunDirectory.open(str(run)).history.best == best
    assert RunDirectory.open(str(run)).skipped == {}


def test_skipped_images_of_corrupt_checkpoints_are_unknown(run):
    for number in ('000002', '000003'):
        (run / 'checkpoint' / number / 'weights.params').write_text('')
    with pytest.warns(UserWarning, match='every checkpoint in .* is corrupt'):
        assert RunDirectory.open(str(run)).skipped == {}


def test_the_best_weights_are_those_of_the_best_epoch(run):
    again = RunDirectory.open(str(run))
    assert file_sha256(run / 'best.params') == again.last().best_sha256
    names = {1: '000002', 2: '000003'}
    weights = run / 'checkpoint' / names[again.history.best.epoch] / 'weights.params'
    assert file_sha256(weights) == file_sha256(run / 'best.params')


class Payload:
    """An object that makes a folder when it is unpickled."""

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
    path = newest(run) / name if name == 'state.json' else run / name
    shutil.copyfile(path if path.is_file() else __file__, mine)
    before = mine.read_bytes()
    if path.exists():
        path.unlink()
    path.symlink_to(mine)
    net, resumed = resume_run(str(run), Config(**{**vars(CONFIG), 'num_epochs': 3}),
                              gf.ImageFolders(chairs), lambda line: None)
    list(train_run(net, resumed, gf.ImageFolders(chairs), progress=False))
    if name == 'log.txt':
        with pytest.raises(WorkError, match='Too many levels of symbolic links'):
            resumed.log('a line')
    assert mine.read_bytes() == before
