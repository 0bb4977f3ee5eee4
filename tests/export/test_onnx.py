"""The exported model computes what the run's own network does, in ONNX Runtime alone."""
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from bare import link_packages, run_bare

from gluon_finetune.compat import imports
from gluon_finetune.data.image import read_pixels
from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.export import onnx as export
from gluon_finetune.export import onnx_model
from gluon_finetune.export.onnx import export_onnx
from gluon_finetune.results.predict import Predictor

onnx = pytest.importorskip('onnx', reason='needs the extra export')
runtime = pytest.importorskip('onnxruntime', reason='needs the extra export')
pytestmark = pytest.mark.mxnet1   # whose exporter knows legacy operators
# Of a probability: Pillow resizes to other grey values than OpenCV, at most one below.
TOLERANCE = 0.01


@pytest.fixture(scope='module', params=[False, True], ids=['plain', 'with_preprocessing'])
def exported(request, trained, tmp_path_factory):
    """Whether the model preprocesses, its folder, and what was said about it."""
    lines = []
    out = export_onnx(trained.path, tmp_path_factory.mktemp('onnx') / 'new',
                      with_preprocessing=request.param, variants=['float16', 'int8'],
                      notify=lines.append)
    return request.param, out, lines


def session_of(folder, name='model.onnx'):
    return runtime.InferenceSession(os.path.join(folder, name))


def test_any_number_of_images(exported, trained, paths):
    with_preprocessing, folder, _ = exported
    predictor, session = Predictor.load(trained.path), session_of(folder)
    pixels = [read_pixels(path) for path in paths]
    expected = predictor.probabilities(pixels)
    if with_preprocessing:
        found = [session.run(['probabilities'], {'images': np.stack([image] * 3)})[0][2]
                 for image in pixels]
        assert abs(np.array(found) - expected).max() < 2e-3
    else:
        X = np.empty((len(paths), 3, 32, 32), 'float32')
        for image, out in zip(pixels, X):
            predictor.augs.apply(image, None, out)
        together, = session.run(['probabilities'], {'data': X})
        alone = [session.run(['probabilities'], {'data': X[i:i + 1]})[0][0] for i in range(len(X))]
        assert abs(together - expected).max() < 1e-5 and abs(alone - expected).max() < 1e-5


def test_the_model_says_what_it_is(exported, trained):
    with_preprocessing, folder, _ = exported
    model = onnx.load(os.path.join(folder, 'model.onnx'))
    onnx.checker.check_model(model)
    assert model.ir_version == 7
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [('', 13)]
    session = session_of(folder)
    (given,), outputs = session.get_inputs(), session.get_outputs()
    assert (given.name, given.type, given.shape) == (
        ('images', 'tensor(uint8)', ['batch', 'height', 'width', 3]) if with_preprocessing
        else ('data', 'tensor(float)', ['batch', 3, 32, 32]))
    assert [(output.name, output.shape) for output in outputs] == [
        ('logits', ['batch', 3]), ('probabilities', ['batch', 3])]
    metadata = session.get_modelmeta().custom_metadata_map
    assert {key: json.loads(value) for key, value in metadata.items()} == {
        'labels': trained.classes, 'network': 'mobilenetv2_0.25', 'image_size': 32, 'resized': 37,
        'colours': 'RGB', 'mean': [0.485, 0.456, 0.406], 'std': [0.229, 0.224, 0.225]}


def test_the_largest_difference_is_printed(exported):
    with_preprocessing, _, lines = exported
    tolerance = '0.03' if with_preprocessing else '0.0001'
    assert lines[0].startswith('onnx: largest difference from the network of the run ')
    assert lines[0].endswith(f' of its largest output, on 12 images (tolerance {tolerance})')
    assert [line[:20] for line in lines[1:]] == ['onnx float16: accura', 'onnx int8: accuracy ']


def test_variants_are_smaller(exported):
    _, folder, _ = exported
    sizes = [os.path.getsize(os.path.join(folder, name))
             for name in ('model.onnx', 'model-float16.onnx', 'model-int8.onnx')]
    assert max(sizes[1:]) < 0.6 * sizes[0]
    for name in ('model-float16.onnx', 'model-int8.onnx'):
        assert session_of(folder, name).get_inputs()[0].name == session_of(folder).get_inputs()[
            0].name


def test_the_program_needs_onnx_runtime_alone(exported, trained, paths, tmp_path):
    _, folder, _ = exported
    packages = link_packages(tmp_path, ['onnxruntime', 'pillow'])
    rows = [line.split('\t') for line in run_bare(packages, os.path.join(folder, 'classify.py'),
                                                  *paths)]
    assert [row[0] for row in rows] == paths
    predictor = Predictor.load(trained.path)
    for path, name, probability in rows:
        assert abs(dict(predictor(path))[name] - float(probability)) < TOLERANCE


def test_two_exports_are_equal(exported, trained, tmp_path):
    with_preprocessing, folder, _ = exported
    again = export_onnx(trained.path, tmp_path / 'again', with_preprocessing=with_preprocessing)
    first, second = (Path(path, 'model.onnx').read_bytes() for path in (folder, again))
    assert first == second


def test_a_model_that_differs_is_not_kept(trained, tmp_path, monkeypatch):
    def spoiled(run):
        model = onnx_model.convert(run)
        weight = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
        weight.CopyFrom(onnx.numpy_helper.from_array(
            onnx.numpy_helper.to_array(weight) * 1.5, weight.name))
        return model
    monkeypatch.setattr(export, 'convert', spoiled)
    with pytest.raises(WorkError, match=r'^onnx: largest difference from the network of the run '
                       r'.* of its largest output, on 12 images: more than the tolerance of '
                       r'0\.0001, nothing was written$'):
        export_onnx(trained.path, tmp_path / 'new')
    assert os.listdir(tmp_path) == []


def test_a_variant_that_loses_more_than_a_point_is_not_kept(trained, tmp_path, monkeypatch):
    def wrong(model):
        for tensor in model.graph.initializer:
            if tensor.name.endswith('pred_weight'):   # of the output layer
                tensor.CopyFrom(onnx.numpy_helper.from_array(
                    -onnx.numpy_helper.to_array(tensor), tensor.name))
        return model
    monkeypatch.setattr(export, 'to_float16', wrong)
    monkeypatch.setattr('gluon_finetune.export.check.Reference.labels',
                        property(lambda self: self.outputs.argmax(axis=1)))
    with pytest.raises(WorkError, match=r'^onnx float16: accuracy 0\.\d+, float32 1\.000, on 12 '
                       r'images; largest difference .* of the largest output: more than one point '
                       r'is lost, nothing was written$'):
        export_onnx(trained.path, tmp_path / 'new', variants=['float16'])
    assert os.listdir(tmp_path) == []


# Wrong use

def refusal(*args, **options):
    with pytest.raises(UsageError) as error:
        export_onnx(*args, **options)
    return str(error.value)


def test_never_overwrites(trained, tmp_path):
    assert refusal(trained.path, tmp_path) == (
        f'{tmp_path} already exists: name a new folder with --out')


def test_no_finished_epoch(untrained):
    assert refusal(untrained.path) == (
        f'no completed epoch in {untrained.path}, so no weights to predict with: resume the run '
        f'with --resume')


def test_an_unknown_variant(trained):
    assert refusal(trained.path, variants=['int4']) == (
        "unknown variant 'int4': expected float16 or int8")


def test_another_mxnet(trained, monkeypatch):
    monkeypatch.setattr(imports, 'MXNET_2', True)
    monkeypatch.setattr(imports.mx, '__version__', '2.0.0')
    assert refusal(trained.path) == (
        'export --to onnx needs MXNet 1, but 2.0.0 is installed: pip install "mxnet<2" (a run of '
        'one can be used with the other)')


@pytest.mark.parametrize('name', ['onnx', 'onnxruntime'])
def test_not_installed(trained, name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    assert refusal(trained.path) == (
        f"export to ONNX needs {name}, which is not installed: pip install "
        f"'gluon_finetune[export]'")
