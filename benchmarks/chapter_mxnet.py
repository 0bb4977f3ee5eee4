"""The chapter's MXNet tab, rewritten without gluon_finetune.

A plain `import mxnet` (half of the cores by default), `hybridize()` without static memory, images
decoded in the loop, and loss and accuracy read after every batch, which waits for it. Weights are
random, to need no download, and nothing is plotted: both make it faster.
"""
import os
import time
import warnings

import numpy as np

# Names that MXNet 1.9 needs and NumPy has removed; readers of the chapter add them by hand.
DROPPED = {'bool': bool, 'int': int, 'float': float, 'complex': complex, 'object': object,
           'str': str}


def bare_mxnet():
    """Return MXNet without any setting, with NumPy-style arrays, as in the chapter's first cell."""
    for name, kind in DROPPED.items():
        if name not in vars(np):
            setattr(np, name, kind)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        import mxnet as mx
    mx.npx.set_np()
    return mx


def training(network, batch_size, image_size, epochs=1, freeze=False):
    """Return a side: the chapter's `train_fine_tuning` on a folder of images, with a new net."""
    mx = bare_mxnet()

    def work(data):
        train_iter, test_iter, classes = batches(mx, data, batch_size, image_size)
        net = finetune_net(mx, network, classes, freeze)
        began = time.perf_counter()
        loss, trainer = prepare(mx, net)
        ready = time.perf_counter()
        for _ in range(epochs):
            train_epoch(mx, net, train_iter, loss, trainer)
            evaluate(mx, net, test_iter)
        mx.nd.waitall()
        ended, examples = time.perf_counter(), len(train_iter._dataset) * epochs
        return {'images_per_second': examples / (ended - ready), 'call_seconds': ended - began,
                'call_images_per_second': examples / (ended - began)}
    return work


def step(network, batch_size, image_size, steps):
    """Return a side: the chapter's step on a batch in memory."""
    mx = bare_mxnet()
    random = np.random.RandomState(0)
    X = mx.np.array(random.randn(batch_size, 3, image_size, image_size).astype('float32'))
    y = mx.np.array(random.randint(0, 2, batch_size), dtype='int32')
    net = finetune_net(mx, network, 2)
    loss, trainer = prepare(mx, net)

    def work():
        began = time.perf_counter()
        train_epoch(mx, net, [(X, y)] * steps, loss, trainer)
        mx.nd.waitall()
        return {'images_per_second': steps * batch_size / (time.perf_counter() - began)}
    return work


def batches(mx, data, batch_size, image_size):
    """Return training batches, test batches and the number of classes."""
    vision = mx.gluon.data.vision
    ready = [vision.transforms.ToTensor(),
             vision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
    train_augs = vision.transforms.Compose([
        vision.transforms.RandomResizedCrop(image_size),
        vision.transforms.RandomFlipLeftRight(), *ready])
    test_augs = vision.transforms.Compose([
        vision.transforms.Resize(round(image_size * 256 / 224)),
        vision.transforms.CenterCrop(image_size), *ready])
    train, test = (vision.ImageFolderDataset(os.path.join(data, part)) for part in
                   ('train', 'test'))
    load = mx.gluon.data.DataLoader
    return (load(train.transform_first(train_augs), batch_size, shuffle=True),
            load(test.transform_first(test_augs), batch_size), len(train.synsets))


def finetune_net(mx, network, classes, freeze=False):
    """Return the source's features with a new output layer of ten times the learning rate."""
    source = getattr(mx.gluon.model_zoo.vision, network)()
    source.initialize(mx.init.Xavier())
    net = getattr(mx.gluon.model_zoo.vision, network)(classes=classes)
    net.features = source.features
    net.output.initialize(mx.init.Xavier())
    net.output.collect_params().setattr('lr_mult', 10)
    if freeze:   # exercise 3
        net.features.collect_params().setattr('grad_req', 'null')
    return net


def prepare(mx, net):
    """Return loss and trainer, with the net on the device."""
    net.collect_params().reset_ctx([mx.npx.cpu()])
    net.hybridize()
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 0.01, 'wd': 0.001})
    return mx.gluon.loss.SoftmaxCrossEntropyLoss(), trainer


def train_epoch(mx, net, train_iter, loss, trainer):
    """Train on every batch once, and read its loss and number of correct predictions."""
    totals = [0.0, 0.0]
    for X, y in train_iter:
        with mx.autograd.record():
            y_hat = net(X)
            losses = loss(y_hat, y)
        losses.backward()
        trainer.step(len(y), ignore_stale_grad=True)
        totals[0] += float(losses.sum())
        totals[1] += right(y_hat, y)


def evaluate(mx, net, test_iter):
    """Return the accuracy on the test images."""
    correct = examples = 0
    for X, y in test_iter:
        correct, examples = correct + right(net(X), y), examples + len(y)
    return correct / examples


def right(y_hat, y):
    """Return the number of correct predictions, as a Python number."""
    return float((y_hat.argmax(axis=1).astype(y.dtype) == y).sum())
