import pytest

from gluon_finetune import scratch_net
from gluon_finetune.compat.imports import array, move, mx
from gluon_finetune.models.output import set_weights, weights


@pytest.fixture
def numpy_api():
    with mx.util.np_shape(True), mx.util.np_array(True):
        yield


@pytest.mark.mxnet1
@pytest.mark.parametrize('hybridize', [False, True])
@pytest.mark.parametrize('name', ['mobilenetv2_0.25', 'resnet18_v2'])
def test_both_array_apis_train_the_same(name, hybridize):
    start, steps = {}, []
    for use_numpy in (False, True):
        with mx.util.np_shape(use_numpy), mx.util.np_array(use_numpy):
            mx.random.seed(1)
            X = array(mx.nd.random.normal(shape=(4, 3, 32, 32)))
            net = scratch_net(name, 2)
            net(X)
            start = start or weights(net)
            set_weights(net, start)
            if hybridize:
                net.hybridize(static_alloc=True, static_shape=True)
            trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 0.01})
            with mx.autograd.record():
                loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()(net(X), array([0, 1, 1, 0]))
            loss.backward()
            trainer.step(4)
            assert isinstance(loss, mx.np.ndarray) == use_numpy
            steps.append(weights(net))
    for parameter, value in steps[0].items():
        assert abs(steps[1][parameter] - value).max() <= 1e-4 * max(1, abs(value).max())


@pytest.mark.mxnet1
# The symbol does not declare the type of its data.
@pytest.mark.filterwarnings('ignore:Cannot decide type')
def test_an_adapted_net_works_like_any_net(numpy_api, tmp_path):
    net = scratch_net('mobilenetv2_0.25', 2)
    X = array(mx.nd.random.normal(shape=(1, 3, 32, 32)))
    answer = net(X).asnumpy()
    assert isinstance(net.features(X), mx.np.ndarray)
    assert all(isinstance(param.data(), mx.np.ndarray) for param in net.collect_params().values())
    assert isinstance(net(mx.sym.var('data').as_np_ndarray()), mx.sym.np._Symbol)
    move(net, [mx.cpu(0), mx.cpu(1)])
    assert (net(X.as_in_ctx(mx.cpu(1))).asnumpy() == answer).all()
    net.hybridize()
    net(X.as_in_ctx(mx.cpu(1)))
    net.export(str(tmp_path / 'net'))
    with mx.util.np_array(False):
        block = mx.gluon.SymbolBlock.imports(str(tmp_path / 'net-symbol.json'), 'data',
                                             str(tmp_path / 'net-0000.params'))
        assert abs(block(X.as_nd_ndarray()).asnumpy() - answer).max() < 1e-5


@pytest.mark.mxnet1
def test_legacy_nets_are_not_adapted():
    assert 'forward' not in vars(scratch_net('mobilenetv2_0.25', 2))
