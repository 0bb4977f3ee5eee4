"""Running statistics of a BatchNorm on the input: they move in training, and only there."""
import json
from types import SimpleNamespace

import numpy as np
import pytest

from gluon_finetune.compat.cpu import has_bfloat16
from gluon_finetune.compat.graphs import compiled_graph
from gluon_finetune.compat.imports import array, contrib, mx
from gluon_finetune.models.finetune import finetune_net, scratch_net
from gluon_finetune.models.freeze import freeze_features, use_running_statistics
from gluon_finetune.models.graphs import in_precision
from gluon_finetune.models.output import name_output
from gluon_finetune.models.output import weights as all_weights
from gluon_finetune.models.params_file import write_params
from gluon_finetune.models.source import load_weights
from gluon_finetune.training import input_gradient as module
from gluon_finetune.training.evaluate import evaluate_accuracy
from gluon_finetune.training.input_gradient import input_gradient
from gluon_finetune.training.loop import seed_everything, train_steps

nn = mx.gluon.nn
ONE, TWO = [mx.cpu(0)], [mx.cpu(0), mx.cpu(1)]
LOSS = mx.gluon.loss.SoftmaxCrossEntropyLoss()
HYBRIDIZED = {'hybridized': {}, 'static': {'static_alloc': True, 'static_shape': True}}


def small_net(devices=ONE, mode='static'):
    """BatchNorm, convolution, BatchNorm, output."""
    net = nn.HybridSequential()
    net.add(nn.BatchNorm(scale=False, center=False, in_channels=3), nn.Conv2D(4, 3, in_channels=3),
            nn.BatchNorm(in_channels=4), nn.GlobalAvgPool2D(), nn.Dense(2, in_units=4))
    seed_everything(0)
    net.initialize(mx.init.Xavier(), ctx=devices)
    net(array(np.zeros((1, 3, 8, 8)), ctx=devices[0]))   # MXNet 2 has no weights before
    if mode:
        net.hybridize(**HYBRIDIZED[mode])
    return name_output(net)


class Batches(list):
    """Random images and labels; an epoch can be started in its middle."""

    def __init__(self, count=3, size=8, pixels=8):
        generator = np.random.RandomState(0)
        super().__init__((array(generator.randn(size, 3, pixels, pixels) * 2 + 1, dtype='float32'),
                          array(generator.randint(0, 2, size), dtype='int32'))
                         for _ in range(count))

    def batches(self, start):
        return iter(self[start:])


def steps(net, batches, devices=ONE, block=None, **options):
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 0.01})
    return train_steps(block or net, batches, batches, LOSS, trainer, 1, devices, progress=False,
                       **options)


def statistics(layer, device=ONE[0]):
    mx.nd.waitall()
    return np.stack([param.data(device).asnumpy()
                     for param in (layer.running_mean, layer.running_var)])


def of_batch(X):
    return np.stack([X.mean((0, 2, 3)), X.var((0, 2, 3))])


def assert_moves(net, layer, batches, devices=ONE, **options):
    """Check the statistics of `layer`, the first of `net`, after each batch, on each device."""
    old = [np.array([[0] * 3, [1] * 3])] * len(devices)
    for number, (_, (X, _)) in enumerate(zip(steps(net, batches, devices, **options), batches)):
        new = [statistics(layer, device) for device in devices]
        if number == 0:   # the first step of Gluon's Trainer copies those of the first device
            old, new = old[:1], new[:1]
        for part, before, after in zip(np.array_split(X.asnumpy(), len(devices)), old, new):
            assert np.allclose(after, 0.9 * before + 0.1 * of_batch(part), atol=1e-5)
        old = [statistics(layer, device) for device in devices]
    assert abs(old[0] - [[0], [1]]).min() > 0.05


@pytest.mark.parametrize('mode', [None, *HYBRIDIZED])
@pytest.mark.parametrize('devices', [ONE, TWO], ids=['one', 'two'])
def test_statistics_move(numpy_mode, mode, devices):
    net = small_net(devices, mode)
    assert_moves(net, net[0], Batches(), devices)


@pytest.mark.parametrize('name', [
    'resnet18_v2', pytest.param('se_resnet18_v2', marks=pytest.mark.mxnet1)])
def test_statistics_of_networks_move(numpy_mode, name):
    net = scratch_net(name, 2)
    net(array(np.zeros((1, 3, 32, 32))))
    net.hybridize(static_alloc=True, static_shape=True)
    assert_moves(net, net.features[0], Batches(2, 4, 32))


@pytest.mark.mxnet1
@pytest.mark.parametrize('devices', [ONE, TWO], ids=['one', 'two'])
def test_statistics_move_in_half_precision(numpy_mode, monkeypatch, devices):
    if not has_bfloat16():   # casts to float32, which every CPU supports
        convert = contrib('amp').convert_symbol
        monkeypatch.setattr(contrib('amp'), 'convert_symbol', lambda *args, **kwargs: (
            mx.sym.load_json(convert(*args, **kwargs).tojson(remove_amp_cast=False).replace(
                'bfloat16', 'float32'))))
    net = small_net(devices)
    block = in_precision(net, 'bfloat16')
    kinds = {node['op'] for node in json.loads(
        compiled_graph(block).tojson(remove_amp_cast=False))['nodes']}
    assert 'amp_cast' in kinds
    assert_moves(net, net[0], Batches(), devices, block=block)


def test_statistics_move_while_gradients_accumulate(numpy_mode):
    net = small_net()
    for param in net.collect_params().values():
        if param.grad_req != 'null':
            param.grad_req = 'add'
    assert_moves(net, net[0], Batches())


@pytest.mark.parametrize('mode', [None, *HYBRIDIZED])
def test_other_weights_are_those_without_the_gradient(numpy_mode, monkeypatch, mode):
    with_it, without = small_net(mode=mode), small_net(mode=mode)
    list(steps(with_it, Batches()))
    monkeypatch.setattr(module, 'needs_input_gradient', lambda net, shape: False)
    list(steps(without, Batches()))
    assert (statistics(without[0]) == [[0] * 3, [1] * 3]).all()
    others = [weights(net)[4:] for net in (with_it, without)]
    assert all((one == other).all() for one, other in zip(*others))


def weights(net):
    mx.nd.waitall()
    return [param.data(ONE[0]).asnumpy() for param in net.collect_params().values()]


def moved(net, layers):
    """Train, evaluate on the way, and return which of these layers have other statistics."""
    before = [statistics(layer) for layer in layers]
    list(steps(net, Batches()))
    return [bool((statistics(layer) != old).any()) for layer, old in zip(layers, before)]


@pytest.mark.parametrize('mode', [None, *HYBRIDIZED])
def test_frozen_statistics_do_not_move(numpy_mode, mode):
    net = small_net(mode=mode)
    assert moved(net, [net[0], net[2]]) == [True, True]
    assert moved(freeze_features(net), [net[0], net[2]]) == [False, False]
    net = small_net(mode=mode)
    use_running_statistics(net)
    assert moved(net, [net[0], net[2]]) == [False, False]


@pytest.mark.parametrize('mode', [None, *HYBRIDIZED])
def test_frozen_weights_keep_all_statistics(numpy_mode, mode):
    """As the chapter's exercise 3 freezes: on a CPU no statistics move."""
    net = small_net(mode=mode)
    for layer in list(net)[:-1]:
        for param in layer.collect_params().values():
            param.grad_req = 'null'
    assert moved(net, [net[0], net[2]]) == [False, False]


def test_folded_statistics_do_not_move(numpy_mode, tmp_path):
    net = scratch_net('resnet18_v2', 2)
    net(array(np.zeros((1, 3, 32, 32))))
    folded = {name: value + 0.1 if name.endswith('beta') else value
              for name, value in all_weights(net).items()}
    with open(tmp_path / 'folded.params', 'wb') as file:
        write_params(file, folded)
    load_weights(net, tmp_path / 'folded.params')
    assert changed_by_training(net) == {'weight', 'gamma', 'beta', 'bias'}


@pytest.mark.mxnet1
@pytest.mark.realdata
def test_statistics_of_the_folded_mobilenet_do_not_move(weights_root):
    net = finetune_net(weights_root / 'mobilenetv2_1.0-imagenet.params', 2)
    assert changed_by_training(net) == {'weight', 'gamma', 'beta'}


def changed_by_training(net):
    """Return which kinds of parameters a few steps change."""
    net.hybridize(static_alloc=True, static_shape=True)
    before = all_weights(net)
    list(steps(net, Batches(2, 4, 32)))
    return {name.rpartition('.')[2] for name, value in all_weights(net).items()
            if (value != before[name]).any()}


def test_evaluation_moves_nothing(numpy_mode):
    net, batches = small_net(), Batches()
    list(steps(net, batches))
    before = weights(net)
    evaluate_accuracy(net, batches)
    assert all((one == other).all() for one, other in zip(before, weights(net)))


@pytest.mark.parametrize('batch', [1, 2])
def test_a_resumed_run_has_the_same_statistics(numpy_mode, batch):
    unbroken, resumed = small_net(), small_net()
    list(steps(unbroken, Batches(), seed=5))
    for meter in steps(resumed, Batches(), seed=5):
        if meter.position().batch == batch:
            break
    list(steps(resumed, Batches(), seed=5, start=meter.position()))
    assert all((one == other).all() for one, other in zip(weights(unbroken), weights(resumed)))
    assert (statistics(resumed[0]) != [[0] * 3, [1] * 3]).all()


def test_arrays_of_the_caller_get_no_gradient(numpy_mode):
    net, batches = small_net(), Batches()
    list(steps(net, batches))
    assert [X.grad for X, _ in batches] == [None] * 3


def test_only_nets_on_a_cpu_are_asked_for_it(monkeypatch):
    X = array(np.zeros((2, 3, 8, 8)))
    part, = input_gradient(small_net())([X])
    assert part is not X and part.grad.shape == X.shape
    part, = input_gradient(nn.HybridSequential())([X])
    assert part is X
    monkeypatch.setattr(module, 'device_of', lambda x: SimpleNamespace(device_type='gpu'))
    part, = input_gradient(small_net())([X])
    assert part is X
