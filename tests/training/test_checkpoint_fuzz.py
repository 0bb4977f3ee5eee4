"""Whatever is in the files of a run, reading it ends in a value or in an error of ours."""
import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gluon_finetune.config import Config
from gluon_finetune.data.listing import Listing
from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.training.checkpoint import RunDirectory
from gluon_finetune.training.history import History, Record
from gluon_finetune.training.saving import Checkpoint
from gluon_finetune.training.snapshots import Snapshot, whole_snapshots, write_snapshot
from gluon_finetune.training.state import State

pytestmark = pytest.mark.faults
SOME = settings(max_examples=150, deadline=None, database=None, derandomize=True,
                suppress_health_check=list(HealthCheck))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner,
                                                                max_size=4), max_leaves=12)
STATE = State(0.1, history=History([Record(1, 0.7, 0.5, 0.6, 1.0, 2.0, 0.3)])).to_json()
STATE['place']['epoch'] = 2
WHOLE = {'state': STATE, 'identity': {'config': {}, 'source': None, 'pictures': None},
         'best': 'weights.params'}
CONFIG = {name: value for name, value in vars(Config()).items()}


@st.composite
def spoilt_json(draw, whole):
    """JSON text that is almost right: one place in it holds something else."""
    value = json.loads(json.dumps(whole))
    holder = value
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = draw(st.sampled_from(keys))
        if isinstance(holder[key], (dict, list)) and holder[key] and draw(st.booleans()):
            holder = holder[key]
            continue
        if draw(st.booleans()):
            holder[key] = draw(JSON)
        else:
            del holder[key]
        return json.dumps(value).encode()


@st.composite
def spoilt_bytes(draw, whole):
    """Bytes of which some are others, are missing or are too many."""
    at = draw(st.integers(0, len(whole)))
    return whole[:at] + draw(st.binary(max_size=8)) + whole[at + draw(st.integers(0, 8)):]


def content_of(whole):
    text = json.dumps(whole).encode()
    return (spoilt_json(whole) | spoilt_bytes(text) | st.binary(max_size=64)
            | JSON.map(lambda value: json.dumps(value).encode()))


def survives(read):
    try:
        read()
    except (UsageError, WorkError) as error:
        assert str(error)


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp('fuzz') / 'run'
    RunDirectory.create(str(path), Config(), ['a', 'b'], {'train': ['a/1'], 'test': ['b/2']})
    return path


@pytest.mark.parametrize('name, whole', [
    ('config.json', CONFIG), ('labels.json', ['a', 'b']),
    ('split.json', {'seed': 0, 'test_fraction': 0.2, 'train': ['a/1'], 'test': ['b/2']})])
def test_settings_labels_and_split(run, name, whole):
    @SOME
    @given(content_of(whole))
    def fuzz(content):
        (run / name).write_bytes(content)
        survives(lambda: RunDirectory.open(str(run)))
    kept = (run / name).read_bytes()
    fuzz()
    (run / name).write_bytes(kept)
    RunDirectory.open(str(run))


def test_history(tmp_path):
    path = tmp_path / 'history.csv'
    History([Record(1, 0.7, 0.5, 0.6, 1.0, 2.0, 0.3)]).to_csv(str(path))
    whole = path.read_bytes()

    @SOME
    @given(spoilt_bytes(whole) | st.binary(max_size=64) | st.text(max_size=64).map(str.encode))
    def fuzz(content):
        path.write_bytes(content)
        survives(lambda: repr(History.from_csv(str(path))))
    fuzz()


def test_pictures(tmp_path):
    path = tmp_path / 'pictures.csv'
    whole = Listing({('train', 'a', 'train/a/1.jpg'): 1}).to_csv()

    @SOME
    @given(spoilt_bytes(whole) | st.binary(max_size=64))
    def fuzz(content):
        path.write_bytes(content)
        survives(lambda: Listing.from_csv(str(path)))
    fuzz()


def test_hashes(tmp_path):
    snapshot = write_snapshot(str(tmp_path), {'a': lambda file: file.write(b'a')})
    path = tmp_path / '000001' / 'SHA256SUMS'
    whole = path.read_bytes()

    @SOME
    @given(spoilt_bytes(whole) | st.binary(max_size=64))
    def fuzz(content):
        path.write_bytes(content)
        survives(lambda: Snapshot(snapshot.path))
    fuzz()


def test_state(tmp_path):
    @SOME
    @given(content_of(WHOLE))
    def fuzz(content):
        shutil.rmtree(tmp_path / '000001', ignore_errors=True)
        snapshot = write_snapshot(str(tmp_path), {
            'weights.params': lambda file: file.write(b'w'),
            'state.json': lambda file: file.write(content)})
        survives(lambda: Checkpoint(snapshot).state.history.best)
        (found, _), = whole_snapshots(str(tmp_path), ['state.json'])
        assert found, 'its hashes are right'
    fuzz()
    assert Checkpoint(write_snapshot(str(tmp_path), {
        'weights.params': lambda file: file.write(b'w'),
        'state.json': lambda file: file.write(json.dumps(WHOLE).encode())})).state.history
