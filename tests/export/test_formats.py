import os
import shutil

import pytest

from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.export import formats
from gluon_finetune.export.formats import FORMATS, export_all


@pytest.fixture
def copy(trained, tmp_path):
    """A copy of the run that a test may change."""
    return shutil.copytree(trained.path, tmp_path / 'copy')


@pytest.mark.mxnet1
def test_every_format_that_the_network_has(copy):
    pytest.importorskip('onnxruntime', reason='needs the extra export')
    pytest.importorskip('torch', reason='needs the extra parity')
    lines = []
    outcomes = dict(export_all(copy, with_preprocessing=True, notify=lines.append))
    assert list(outcomes) == list(FORMATS)
    error = outcomes.pop('torch')
    assert isinstance(error, UsageError) and str(error) == (
        "'mobilenetv2_0.25' has no known counterpart: expected one of "
        + str(error).partition('one of ')[2])
    for name, path in outcomes.items():
        assert path == os.path.join(copy, name) and 'classify.py' in os.listdir(path)
    assert not (copy / 'torch').exists()
    assert [line.partition(':')[0] for line in lines] == ['onnx', 'symbol', 'int8']
    assert 'tolerance 0.03' in lines[0]


def test_one_that_fails_stops_no_other(copy, monkeypatch):
    for name in ('check_onnx', 'require_mxnet_1', 'check_torch', 'check_quantization'):
        monkeypatch.setattr(formats, name, lambda *args: None)

    def fail(*args):
        raise WorkError('it differs')
    for name in ('onnx', 'torch', 'int8'):
        monkeypatch.setattr(formats, f'write_{name}', lambda *args: None)
    monkeypatch.setattr(formats, 'write_symbol', fail)
    outcomes = dict(export_all(copy))
    assert str(outcomes.pop('symbol')) == 'it differs' and not (copy / 'symbol').exists()
    assert outcomes == {name: os.path.join(copy, name) for name in ('onnx', 'torch', 'int8')}


def test_nothing_is_overwritten(copy):
    (copy / 'onnx').mkdir()
    with pytest.raises(UsageError) as error:
        next(export_all(copy))
    assert str(error.value) == (
        f'{copy}/onnx already exists: remove what is there to export to all formats')


def test_no_finished_epoch(untrained, chairs):
    with pytest.raises(UsageError) as error:
        next(export_all(untrained.path, data=chairs))
    assert str(error.value) == (
        f'no completed epoch in {untrained.path}, so no weights to predict with: resume the run '
        f'with --resume')
