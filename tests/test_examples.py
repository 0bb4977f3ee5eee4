"""Every example runs on synthetic images and tiny weights, as a user would call it."""
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gluon_finetune as gf
from gluon_finetune.synthetic.dataset import draw_hotdogs

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / 'examples').glob('*.py'))
SMALL = dict(batch_size=8, image_size=32, num_epochs=2)


@pytest.fixture(scope='module')
def food(tmp_path_factory):
    root = tmp_path_factory.mktemp('synthetic') / 'food'
    return str(draw_hotdogs(root, train=8, test=4, size=48))


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """An untrained resnet18_v2 of five classes; the last is called hotdog."""
    path = tmp_path_factory.mktemp('weights') / 'resnet18_v2-tiny.params'
    gf.seed_everything(0)
    net = gf.scratch_net('resnet18_v2', 5)
    net(gf.compat.array(np.zeros((1, 3, 32, 32)), dtype='float32'))
    net.save_parameters(str(path))
    labels = [{'wnid': None, 'name': f'object {i}'} for i in range(4)]
    labels.append({'wnid': 'n07697537', 'name': 'hotdog'})
    path.with_suffix('.labels.json').write_text(json.dumps(labels))
    return str(path)


@pytest.fixture
def main(request, monkeypatch, tmp_path):
    """The `main` of an example, called in an empty folder."""
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location('example', str(ROOT / 'examples' / request.param))
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example.main


def example(name):
    return pytest.mark.parametrize('main', [name + '.py'], indirect=True, ids=[name])


@example('1_read_the_images')
def test_read_the_images(main, food, tmp_path, capsys):
    main(food)
    assert (tmp_path / '1_images.png').stat().st_size > 10000
    printed = capsys.readouterr().out
    assert printed.startswith('16 training images, 8 test images, classes hotdog, not-hotdog\n')
    assert printed.endswith('becomes an input of shape (3, 224, 224)\n')


@example('2_fine_tune')
def test_fine_tune(main, food, weights, tmp_path):
    history = main(food, weights, **SMALL)
    assert [record.epoch for record in history] == [1, 2]
    assert (tmp_path / '2_curves.png').exists()
    again = main(food, weights, **SMALL)
    assert [record[:4] for record in again] == [record[:4] for record in history]


@example('3_from_scratch')
def test_from_scratch(main, food, weights, tmp_path):
    histories = main(food, weights, **SMALL)
    rates = {name: [record.learning_rate for record in history]
             for name, history in histories.items()}
    assert rates == {'fine-tuned': [0.01] * 2, 'from scratch': [0.1] * 2}
    assert (tmp_path / '3_comparison.png').exists()


@example('4_learning_rates')
def test_learning_rates(main, food, weights, capsys):
    table = main(food, weights, learning_rates=(0.01, 1e30), **SMALL)
    assert all(0 <= float(accuracy) <= 1 for accuracy in table[0.01])
    assert table[1e30] == ['diverged', 'diverged']
    assert capsys.readouterr().out.splitlines()[-1].split() == ['1e+30', 'diverged', 'diverged']


@example('5_frozen_features')
def test_frozen_features(main, food, weights):
    found = main(food, weights, **SMALL)
    changed, difference = found["the chapter's code"]
    # On a GPU, BatchNorm's running statistics change too.
    assert_output_layer(name for name in changed if 'running' not in name)
    assert difference > 0.1
    changed, difference = found['freeze_features']
    assert_output_layer(changed)
    assert difference < 1e-5


def assert_output_layer(names):
    """MXNet 1 calls its parameters ..._dense0_weight, MXNet 2 output.weight."""
    weight, bias = names
    assert weight.endswith('weight') and bias.endswith('bias')
    assert all('dense' in name or 'output' in name for name in (weight, bias))


@example('6_hotdog_row')
def test_hotdog_row(main, food, weights, capsys):
    accuracies = main(food, weights, **SMALL)
    assert [len(line) for line in accuracies.values()] == [3, 3]
    assert capsys.readouterr().out.startswith('n07697537 is hotdog, row 4 of the source\n')


@example('your_own_folder')
def test_your_own_folder(main, chairs, weights, tmp_path, capsys):
    run = main(str(chairs / 'train'), weights, out='chairs', **SMALL)
    assert len(run.history) == 2
    assert {'best.params', 'history.csv', 'labels.json', 'report.html', 'split.json'} <= {
        path.name for path in (tmp_path / 'chairs').iterdir()}
    predictions = capsys.readouterr().out.splitlines()[-3:]
    assert all('.jpg: ' in line for line in predictions)


def test_an_example_runs_alone(food, tmp_path):
    done = subprocess.run([sys.executable, str(EXAMPLES[0]), food], cwd=str(tmp_path), text=True,
                          capture_output=True, env={**os.environ, 'PYTHONPATH': str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert os.listdir(str(tmp_path)) == ['1_images.png']


@pytest.mark.parametrize('path', EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_short(path):
    lines = path.read_text('utf-8').splitlines()
    assert len(lines) <= 60 and lines[-1] == '    main(*sys.argv[1:])'
    assert f'def test_{path.stem.lstrip("0123456789_")}(' in Path(__file__).read_text('utf-8')
