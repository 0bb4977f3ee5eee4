"""A run directory from anyone is used or refused with a `UsageError`; nothing else happens."""
import copy
import dataclasses
import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gluon_finetune as gf
from gluon_finetune.config import Config
from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.results.predict import Predictor
from gluon_finetune.runs.checkpoint import Checkpoint
from gluon_finetune.runs.directory import RunDirectory
from gluon_finetune.runs.snapshots import write_snapshot
from gluon_finetune.runs.state import State
from gluon_finetune.runs.train import resume_run, start_run, train_run

pytestmark = pytest.mark.faults
CONFIG = Config(network='mobilenet0.25', scratch=True, batch_size=12, num_epochs=1, image_size=32)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner,
                                                                max_size=4), max_leaves=12)
fuzzed = settings(max_examples=200, deadline=None, database=None, derandomize=True,
                  suppress_health_check=list(HealthCheck))


@pytest.fixture(scope='module')
def original(tmp_path_factory, chairs):
    folders = gf.ImageFolders(chairs)
    net, run = start_run(str(tmp_path_factory.mktemp('original') / 'run'), CONFIG, folders)
    list(train_run(net, run, folders, progress=False))
    return run.path


@pytest.fixture
def run(original, tmp_path):
    return Path(shutil.copytree(original, tmp_path / 'run'))


@pytest.mark.parametrize('field', ['network', 'source', 'dtype', 'cache', 'on_bad', 'on_diverge'])
@pytest.mark.parametrize('value', ['{outside}/evil', '../outside/evil', '../outside', '/dev/null'])
def test_no_setting_leads_out_of_a_run(run, chairs, tmp_path, monkeypatch, field, value):
    outside = tmp_path / 'outside'
    outside.mkdir()
    monkeypatch.chdir(run)
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', str(outside))
    monkeypatch.setenv('MXNET_HOME', str(outside))
    config = {**dataclasses.asdict(CONFIG), 'num_epochs': 2,
              field: value.format(outside=outside)}
    (run / 'config.json').write_text(json.dumps(config))
    for use in (lambda: Predictor.load(str(run)), lambda: resume(run, chairs)):
        try:
            use()
        except UsageError:
            pass
        else:
            assert field == 'source', 'which a resumed run does not need'
    assert os.listdir(outside) == []


def resume(run, chairs):
    folders = gf.ImageFolders(chairs)
    net, resumed = resume_run(str(run), RunDirectory.open(str(run)).config, folders)
    list(train_run(net, resumed, folders, progress=False))


def corrupted(valid):
    """Generate JSON that is almost valid: one value in it is changed or removed."""
    @st.composite
    def values(draw):
        value = copy.deepcopy(valid)
        holder = value
        while True:
            key = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict)
                                       else range(len(holder))))
            if isinstance(holder[key], (dict, list)) and holder[key] and draw(st.booleans()):
                holder = holder[key]
            elif draw(st.booleans()):
                holder[key] = draw(JSON)
                return value
            else:
                del holder[key]
                return value
    return values() | JSON


def refused_or_used(read):
    try:
        read()
    except (UsageError, WorkError) as error:
        str(error).encode('utf-8')


@pytest.mark.parametrize('name, valid', [
    ('config.json', dataclasses.asdict(CONFIG)), ('labels.json', ['bench', 'sofa', 'stool']),
    ('split.json', {'seed': 0, 'test_fraction': 0.2, 'train': ['a/1'], 'test': ['b/2']})])
def test_settings_of_any_form(run, name, valid):
    @fuzzed
    @given(corrupted(valid))
    def fuzz(value):
        (run / name).write_text(json.dumps(value))
        refused_or_used(lambda: RunDirectory.open(str(run)))
    fuzz()
    (run / name).write_text(json.dumps(valid))
    RunDirectory.open(str(run))


def test_a_state_of_any_form(run, tmp_path):
    valid = json.loads((run / 'checkpoint' / '000002' / 'state.json').read_text())
    assert State.from_json(valid['state']).history

    @fuzzed
    @given(corrupted(valid))
    def fuzz(value):
        shutil.rmtree(tmp_path / '000001', ignore_errors=True)
        snapshot = write_snapshot(str(tmp_path), {
            'weights.params': lambda file: file.write(b'w'),
            'state.json': lambda file: file.write(json.dumps(value).encode())})
        refused_or_used(lambda: Checkpoint(snapshot).state.history.best.epoch)
    fuzz()


def test_opening_reads_no_checkpoint(run):
    shutil.rmtree(run / 'checkpoint')
    (run / 'checkpoint').symlink_to('/dev/zero')
    opened = RunDirectory.open(str(run))
    assert len(opened.history) == 1 and opened.best_weights == str(run / 'best.params')


def test_without_best_weights_the_run_has_to_be_resumed(run):
    (run / 'best.params').unlink()
    with pytest.raises(UsageError) as error:
        Predictor.load(str(run))
    assert str(error.value) == f'{run} has no best.params: resume the run with --resume'


def test_resuming_publishes_what_an_interruption_left_unpublished(run, chairs):
    opened = RunDirectory.open(str(run))
    history, weights = opened.history, (run / 'best.params').read_bytes()
    (run / 'best.params').unlink()
    (run / 'history.csv').unlink()
    assert RunDirectory.open(str(run)).history == []
    resume(run, chairs)
    assert RunDirectory.open(str(run)).history == history
    assert (run / 'best.params').read_bytes() == weights
