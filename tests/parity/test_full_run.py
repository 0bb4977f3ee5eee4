"""A full training run in both frameworks, on synthetic images and on photographs."""
import dataclasses

import pytest

from gluon_finetune.config import Config
from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.parity.curves import Curve, curve_row, plot_runs
from gluon_finetune.parity.full_run import RecordedBatches, compare_runs, initial_net, run_torch
from gluon_finetune.parity.rows import DIFFERS, EQUAL
from gluon_finetune.parity.torch_training import counterpart
from gluon_finetune.synthetic.dataset import draw_hotdogs

CONFIG = Config(network='resnet18_v2', scratch=True, image_size=32, batch_size=8, num_epochs=1)


def curves(torch, *mxnet):
    named = {f'MXNet, seed {i}': Curve(losses, [0.5]) for i, losses in enumerate(mxnet)}
    return {**named, 'PyTorch, seed 0': Curve(torch, [0.5])}


def test_the_tolerance_is_the_range_of_the_seeds():
    row = curve_row(curves([[1.2], [0.75]], [[1.5], [0.8]], [[1.0], [0.6]], [[1.1], [0.7]]))
    assert (row.tolerance, row.measured) == pytest.approx((0.2, 0.05)) and row.verdict == EQUAL
    assert curve_row(curves([[1.1], [1.0]], [[1.5], [0.8]], [[1.1], [0.7]])).verdict == DIFFERS


@pytest.fixture
def torch():
    return pytest.importorskip('torch')


@pytest.mark.parity
def test_both_begin_alike(torch, tmp_path):
    """With synthetic images and random weights, rounding soon makes the losses diverge."""
    found = compare_runs(ImageFolders(draw_hotdogs(tmp_path / 'hotdog', 16, 4)), CONFIG)
    mxnet, torch = list(found.values())[-2:]
    assert torch.losses[0][0] == pytest.approx(mxnet.losses[0][0], rel=1e-5)
    assert len(plot_runs(found, str(tmp_path / 'curves.png')).lines) == 4
    assert (tmp_path / 'curves.png').stat().st_size > 10_000


@pytest.mark.parity
@pytest.mark.realdata
@pytest.mark.slow
def test_both_frameworks_learn_alike(torch, hotdog_root, weights_root):
    source = str(weights_root / 'resnet18_v2-imagenet100-64px.params')
    config = Config(source=source, image_size=64, batch_size=16, num_epochs=2)
    folders = ImageFolders(str(hotdog_root))
    folders.train = folders.train.subset(folders.train.items[::8])
    folders.test = folders.test.subset(folders.test.items[::16])
    found = compare_runs(folders, config)
    row = curve_row(found)
    assert row.verdict == EQUAL and row.measured < 0.1 * row.tolerance

    net = initial_net(config, folders.classes)
    slower = dataclasses.replace(config, learning_rate=5e-5)
    found['PyTorch, seed 0'] = run_torch(counterpart(net, net.network), net.network, slower,
                                         RecordedBatches(folders, config))
    assert curve_row(found).verdict == DIFFERS
