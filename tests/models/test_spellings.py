"""One net under the names of each way to save it."""
import re

import numpy as np
import pytest

from gluon_finetune import UsageError, scratch_net, source_net
from gluon_finetune.compat.imports import array, mx, structured_parameters
from gluon_finetune.models.output import weights
from gluon_finetune.models.params_file import read_params, write_params
from gluon_finetune.models.spellings import describe_names, structural
from gluon_finetune.models.zoo import build_net

pytestmark = pytest.mark.mxnet1
SIDE = 64
# mobilenetv3_small and dla34 number their layers through the whole process; googlenet lists them in
# another order than their long names.
NETWORKS = ['mobilenetv2_0.25', 'mobilenetv3_small', 'resnet18_v1b', 'dla34', 'googlenet']


def randomize(net):
    """Give each parameter values of its own, so that no two can be exchanged unnoticed."""
    net.initialize()
    net(mx.nd.zeros((1, 3, SIDE, SIDE)))
    random = np.random.RandomState(0)
    for name, param in structured_parameters(net).items():
        low = 0.5 if name.endswith('var') else -0.5
        param.set_data(mx.nd.array(random.uniform(low, 1, param.shape)))
    return net


def as_in_the_chapter(name):
    """Features of one net, output layer of another."""
    pretrained, net = build_net(name), build_net(name)
    part = 'features' if hasattr(net, 'features') else 'layer4'
    setattr(net, part, getattr(pretrained, part))
    return net


def as_in_the_tutorial(name):
    """The output layer is replaced in the scope of the net, as GluonCV's tutorial does."""
    net = build_net(name)
    with net.name_scope():
        if name == 'mobilenetv2_0.25':
            net.output = mx.gluon.nn.HybridSequential()
            net.output.add(mx.gluon.nn.Conv2D(5, 1, use_bias=False), mx.gluon.nn.Flatten())
        else:
            setattr(net, 'fc' if hasattr(net, 'fc') else 'output', mx.gluon.nn.Dense(5))
    return net


def exported(net, path):
    net.hybridize()
    net(mx.nd.zeros((1, 3, SIDE, SIDE)))
    net.export(path)
    return f'{path}-0000.params'


def collected(net, path):
    net.collect_params().save(f'{path}.params')
    return f'{path}.params'


def saved(net, path):
    net.save_parameters(f'{path}.params')
    return f'{path}.params'


@pytest.mark.parametrize('write', [exported, collected, saved])
@pytest.mark.parametrize('make', [as_in_the_chapter, as_in_the_tutorial])
@pytest.mark.parametrize('name', ['mobilenetv2_0.25', 'resnet18_v1b'])
def test_a_net_put_together_is_a_source(tmp_path, name, make, write):
    net = randomize(make(name))
    loaded = source_net(write(net, str(tmp_path / f'{name}-mine')))
    expected = weights(net)
    assert all((value == expected[key]).all() for key, value in weights(loaded).items())
    X = array(np.random.RandomState(1).randn(1, 3, SIDE, SIDE), dtype='float32')
    assert (loaded(X).asnumpy() == net(X).asnumpy()).all()


@pytest.mark.parametrize('name', NETWORKS)
def test_counters_of_another_process(name):
    """The long names of one net fit another net of the same kind, whatever was made between."""
    net, other = build_net(name), build_net(name)
    params = structured_parameters(net)
    in_file = {long_name: np.full([max(size, 1) for size in param.shape], 1)
               for long_name, param in net.collect_params().items()}
    renamed = structural(other, in_file)
    assert set(renamed) == set(params)
    names_of = {id(value): long_name for long_name, value in in_file.items()}
    assert all(params[key].name == names_of[id(value)] for key, value in renamed.items())


def test_a_net_inside_another_is_matched_in_order(tiny_source, tmp_path):
    """Structural names of a wrapper: '0.features...' or other words for the same layers."""
    plain = read_params(tiny_source)
    for spell in (lambda name: f'0.{name}', lambda name: name.replace('features', 'backbone')):
        path = tmp_path / 'mobilenetv2_0.25-wrapped.params'
        with open(path, 'wb') as file:
            write_params(file, {spell(name): value for name, value in plain.items()})
        assert all((value == plain[name]).all()
                   for name, value in weights(source_net(path)).items())


def test_an_alphabetical_file_without_the_names_is_refused(tiny_source, tmp_path):
    """Conv10 precedes conv2 there: in order, layers of equal shape would be exchanged."""
    values = [(f'{match}_{i}_{kind}', value) for i, (name, value) in
              enumerate(read_params(tiny_source).items())
              for match, kind in re.findall(r'(\w+)\.\D*\d*\D*\d*\D*?(\w+)$', name)]
    path = tmp_path / 'mobilenetv2_0.25-sorted.params'
    with open(path, 'wb') as file:
        write_params(file, dict(sorted(values)))
    with pytest.raises(UsageError, match='is not in the weights.*; names in the file: '):
        source_net(path)


def test_another_network_is_refused(tmp_path):
    path = collected(randomize(scratch_net('mobilenetv2_0.25', 3)),
                     str(tmp_path / 'resnet18_v1-mine'))
    with pytest.raises(UsageError, match='does not contain the weights of resnet18_v1: .* names in '
                                         'the file: mobilenetv2'):
        source_net(path)


def test_the_names_in_a_file():
    assert describe_names([]) == 'names in the file: none'
    assert describe_names('abc') == 'names in the file: a, b, c'
    assert describe_names('abcde') == 'names in the file: a, b, c and 2 more'
