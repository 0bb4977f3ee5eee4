"""The exported 8-bit network predicts nearly the same probabilities, and Predictor loads it."""
import json
import os
import shutil

import numpy as np
import pytest
from bare import link_packages, run_bare

import gluon_finetune as gf
from gluon_finetune.config import Config
from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.export import int8
from gluon_finetune.export.int8 import export_int8

pytestmark = pytest.mark.mxnet1   # whose graphs can be cut and rewritten


@pytest.fixture(scope='module')
def folders(chairs):
    return gf.ImageFolders(chairs)


@pytest.fixture(scope='module')
def run(folders, tmp_path_factory):
    config = Config(network='resnet18_v2', scratch=True, batch_size=8, num_epochs=2, image_size=32)
    net, run = gf.start_run(str(tmp_path_factory.mktemp('runs') / 'chairs'), config, folders)
    for _ in gf.train_run(net, run, folders, progress=False):
        pass
    assert export_int8(run.path, folders) == run.file('int8')
    return run


def test_probabilities_are_nearly_the_same(run, folders, numpy_mode, capfd):
    paths = [path for path, _ in folders.test.items]
    exact, quantized = (gf.Predictor.load(run.path, dtype).probabilities(paths)
                    for dtype in ('float32', 'int8'))
    assert 0 < abs(exact - quantized).max() < 0.1
    assert capfd.readouterr() == ('', '')


def test_layers_compute_in_8_bits(run):
    with open(run.file('int8', 'graph.json')) as file:
        nodes = json.load(file)['nodes']
    layers = [node for node in nodes if node['op'].startswith('_sg_mkldnn')]
    assert len(layers) == 21 and {node['attrs']['quantized'].lower() for node in layers} == {'true'}


def test_the_program_needs_mxnet_alone(run, folders, tmp_path):
    packages = link_packages(tmp_path, ['pillow', 'mxnet', 'setuptools'])
    paths = [path for path, _ in folders.test.items]
    rows = [line.split('\t') for line in run_bare(
        packages, run.file('int8', 'classify.py'), *paths, hidden=['gluon_finetune', 'cv2'])]
    predictor = gf.Predictor.load(run.path, 'int8')
    assert [row[0] for row in rows] == paths
    for path, name, probability in rows:
        assert abs(dict(predictor(path))[name] - float(probability)) < 0.05


def test_a_network_that_loses_more_than_a_point_is_not_kept(folders, run, tmp_path, monkeypatch):
    copy = shutil.copytree(run.path, tmp_path / 'run')
    shutil.rmtree(copy / 'int8')
    load = int8.load_int8
    monkeypatch.setattr(int8, 'load_int8', lambda path: lambda X: -load(path)(X))
    monkeypatch.setattr('gluon_finetune.export.check.Reference.labels',
                        property(lambda self: self.outputs.argmax(axis=1)))
    with pytest.raises(WorkError, match='^int8: .*: more than one point is lost, nothing was '):
        export_int8(copy, folders)
    assert sorted(os.listdir(copy)) == sorted(set(os.listdir(run.path)) - {'int8'})


def test_never_overwrites(run, folders):
    with pytest.raises(UsageError) as caught:
        export_int8(run.path, folders)
    assert str(caught.value) == f'{run.file("int8")} already exists: remove it to export again'


def test_other_classes_are_refused(folders, chairs_copy, tmp_path, run):
    for part in ('train', 'test'):
        (chairs_copy / part / 'sofa').rename(chairs_copy / part / 'couch')
    other = gf.ImageFolders(chairs_copy)
    net, second = gf.start_run(str(tmp_path / 'run'), run.config, folders)
    with pytest.raises(UsageError) as caught:
        export_int8(second.path, other)
    assert str(caught.value) == (
        f"{chairs_copy} has the classes ['bench', 'couch', 'stool'], the run has ['bench', "
        f"'sofa', 'stool']: calibrate with the images it was trained on")


def test_a_missing_or_corrupt_network_is_reported(run, folders, tmp_path):
    net, other = gf.start_run(str(tmp_path / 'run'), run.config, folders)
    for _ in gf.train_run(net, other, folders, progress=False):
        pass
    with pytest.raises(UsageError) as caught:
        gf.Predictor.load(other.path, 'int8')
    assert str(caught.value) == (f'{other.path} has no int8 network: create it with '
                                 f'gluon-finetune export {other.path} --to int8 --data DATA')
    export_int8(other.path, folders)
    with open(other.file('int8', 'graph.json'), 'r+') as file:
        file.truncate(1000)
    with pytest.raises(UsageError, match='graph.json is corrupt .*: export the network again'):
        gf.Predictor.load(other.path, 'int8')


@pytest.mark.realdata
def test_accuracy_on_photographs_stays_within_a_point(hotdog_root, weights_root, tmp_path,
                                                      monkeypatch):
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', str(tmp_path / 'cache'))
    folders = gf.ImageFolders(hotdog_root)
    config = Config(source=str(weights_root / 'resnet18_v2-imagenet100-64px.params'), freeze=True,
                    batch_size=32, num_epochs=3, image_size=64)
    net, run = gf.start_run(str(tmp_path / 'run'), config, folders)
    for _ in gf.train_run(net, run, folders, progress=False):
        pass
    export_int8(run.path, folders)
    paths, labels = zip(*folders.test.items)
    predicted = [gf.Predictor.load(run.path, dtype).probabilities(paths).argmax(axis=1)
                 for dtype in ('float32', 'int8')]
    accuracy = [(classes == np.array(labels)).mean() for classes in predicted]
    assert abs(accuracy[0] - accuracy[1]) <= 0.01
    assert (predicted[0] == predicted[1]).mean() > 0.95
