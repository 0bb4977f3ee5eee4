"""The exported symbol is what Gluon's SymbolBlock and MXNet's Module load."""
import os

import numpy as np
import pytest
from bare import link_packages, run_bare

from gluon_finetune.compat import imports
from gluon_finetune.compat.array_api import legacy_api
from gluon_finetune.compat.graphs import import_symbol
from gluon_finetune.compat.imports import mx
from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.export import symbol as export
from gluon_finetune.export.check import reference_of
from gluon_finetune.export.symbol import export_symbol
from gluon_finetune.results.predict import Predictor

pytestmark = pytest.mark.mxnet1   # whose Module this is for
TOLERANCE = 0.01   # of a probability: Pillow resizes to other grey values than OpenCV


@pytest.fixture(scope='module')
def folder(trained, tmp_path_factory):
    lines = []
    out = export_symbol(trained.path, tmp_path_factory.mktemp('symbol') / 'new',
                        notify=lines.append)
    assert len(lines) == 1 and lines[0].endswith('on 12 images (tolerance 1e-05)')
    return out


def test_gluon_loads_it(folder, trained):
    reference = reference_of(trained)
    with legacy_api():
        net = import_symbol(*(os.path.join(folder, name)
                              for name in ('model-symbol.json', 'model-0000.params')))
        assert np.allclose(net(mx.nd.array(reference.X)).asnumpy(), reference.outputs, atol=1e-6)


def test_module_loads_it(folder, trained):
    reference = reference_of(trained)
    symbol, arguments, states = mx.model.load_checkpoint(os.path.join(folder, 'model'), 0)
    module = mx.mod.Module(symbol, label_names=None)
    module.bind([('data', reference.X.shape)], for_training=False)
    module.set_params(arguments, states)
    outputs = module.predict(mx.io.NDArrayIter(reference.X, batch_size=len(reference.X)))
    assert np.allclose(outputs.asnumpy(), reference.outputs, atol=1e-6)


def test_with_numpy_style_arrays_it_is_the_same(folder, trained, tmp_path, numpy_mode):
    again = export_symbol(trained.path, tmp_path / 'again')
    for name in sorted(os.listdir(folder)):
        first, second = (open(os.path.join(path, name), 'rb') for path in (folder, again))
        with first, second:
            assert first.read() == second.read(), name


def test_the_program_needs_mxnet_alone(folder, trained, paths, tmp_path):
    packages = link_packages(tmp_path, ['pillow', 'mxnet', 'setuptools'])
    rows = [line.split('\t') for line in run_bare(
        packages, os.path.join(folder, 'classify.py'), *paths, hidden=['gluon_finetune', 'cv2'])]
    predictor = Predictor.load(trained.path)
    assert [row[0] for row in rows] == paths
    for path, name, probability in rows:
        assert abs(dict(predictor(path))[name] - float(probability)) < TOLERANCE


def test_a_network_that_differs_is_not_kept(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(export, '_outputs', lambda folder, reference: reference.outputs * 1.1)
    with pytest.raises(WorkError, match='more than the tolerance of 1e-05, nothing was written$'):
        export_symbol(trained.path, tmp_path / 'new')
    assert os.listdir(tmp_path) == []


def test_wrong_use(trained, untrained, tmp_path, monkeypatch):
    (tmp_path / 'new').mkdir()
    for run, out, message in [
            (trained, tmp_path / 'new', f'{tmp_path}/new already exists: name a new folder with '
             f'--out'),
            (untrained, None, f'no completed epoch in {untrained.path}, so no weights to predict '
             f'with: resume the run with --resume')]:
        with pytest.raises(UsageError) as error:
            export_symbol(run.path, out)
        assert str(error.value) == message
    monkeypatch.setattr(imports, 'MXNET_2', True)
    with pytest.raises(UsageError, match='^export --to symbol needs MXNet 1, but '):
        export_symbol(trained.path)
