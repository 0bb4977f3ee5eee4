"""Event files are written epoch by epoch, and only where they are asked for."""
import sys

import pytest
from commands import TRAIN, call

from gluon_finetune.config import Config
from gluon_finetune.runs.tensorboard import check_tensorboard


def scalars(folder):
    """(tag, epoch, value) of all event files in a folder."""
    pytest.importorskip('tensorboardX')
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c
    found = []
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        while data:
            size = int.from_bytes(data[:8], 'little')
            content = data[12:12 + size]
            assert data[12 + size:16 + size] == masked_crc32c(content).to_bytes(4, 'little')
            data = data[16 + size:]
            event = Event.FromString(content)
            found += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
    return found


def test_a_run_and_its_continuation(chairs, tmp_path, capsys):
    pytest.importorskip('tensorboardX', reason='tensorboardX is not installed')
    run = tmp_path / 'run'
    assert call(capsys, 'train', chairs, '--out', run, *TRAIN, '--tensorboard')[0] == 0
    assert call(capsys, 'train', chairs, '--out', run, '--resume', '--epochs', '2')[0] == 0
    found = scalars(run / 'tensorboard')
    assert [(tag, epoch) for tag, epoch, _ in found if tag.startswith('accuracy')] == [
        ('accuracy/training', 1), ('accuracy/test', 1), ('accuracy/training', 2),
        ('accuracy/test', 2)]
    history = (run / 'history.csv').read_text().splitlines()[1:]
    assert [value for tag, _, value in found if tag == 'loss/training'] == pytest.approx(
        [float(line.split(',')[1]) for line in history])


def test_a_missing_library_is_named_before_work_starts(chairs, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'tensorboardX', None)
    check_tensorboard(Config())
    line = ('gluon-finetune: --tensorboard needs tensorboardX, which is not installed: pip install '
            'gluon_finetune[tensorboard]')
    words = ['train', chairs, '--out', tmp_path / 'run', *TRAIN, '--tensorboard']
    assert call(capsys, *words) == (2, '', [line])
    assert not (tmp_path / 'run').exists()
