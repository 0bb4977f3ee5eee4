"""A net of a user's own, and a few training steps with it."""
import numpy as np

from gluon_finetune.compat.imports import MXNET_2, array, mx, structured_parameters

LEARNING_RATE = 0.01
nn = mx.gluon.nn


class CustomNet(mx.gluon.HybridBlock):
    """BatchNorm inside nested blocks, and another one before the output layer."""

    def __init__(self):
        super().__init__()
        inner, self.features, self.output = (nn.HybridSequential() for _ in range(3))
        inner.add(nn.Conv2D(4, 3, in_channels=3), nn.BatchNorm(in_channels=4))
        self.features.add(inner, nn.GlobalAvgPool2D(), nn.Flatten())
        self.output.add(nn.BatchNorm(in_channels=4), nn.Dense(3, in_units=4))

    if MXNET_2:
        def forward(self, x):
            return self.output(self.features(x))
    else:
        def hybrid_forward(self, F, x):  # noqa: N803, MXNet calls it so
            return self.output(self.features(x))


def custom_net():
    net = CustomNet()
    net.initialize(mx.init.Xavier())
    net(array(np.zeros((1, 3, 32, 32))))   # MXNet 2 has no weights before
    return net


def train(net, steps=1):
    """SGD steps on fixed images; returns the gradients of the last by structural name."""
    X = array(np.random.RandomState(0).randn(4, 3, 32, 32), dtype='float32')
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': LEARNING_RATE})
    for _ in range(steps):
        with mx.autograd.record():
            loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()(net(X), array([0, 1, 1, 0]))
        loss.backward()
        trainer.step(4)
    return {name: param.grad().asnumpy() / 4 for name, param in structured_parameters(net).items()
            if param.grad_req != 'null'}


def unchanged(before, after):
    """Names of the parameters whose values are equal."""
    return {name for name in before if np.array_equal(before[name], after[name])}
