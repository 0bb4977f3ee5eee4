"""The chapter's PyTorch tab, rewritten to run on a CPU, without gluon_finetune.

The tab needs a GPU: it moves the net to the first one and wraps it in `nn.DataParallel`. This net
stays on the CPU; all else is the tab's: decoding in the loop, the gradient of the summed loss, loss
and accuracy read after every batch. Weights are random, to need no download, and nothing is
plotted: both make it faster.
"""
import importlib
import os
import sys
import time

import torch
from torch import nn

_declared = []


def torchvision():
    """Return torchvision, also if its compiled operators do not fit the build of torch.

    Its import then fails because of two operators for detection; declaring them is enough for
    models and transforms.
    """
    try:
        return importlib.import_module('torchvision')
    except RuntimeError as error:
        if 'torchvision::' not in str(error):
            raise
    for name in [name for name in sys.modules if name.partition('.')[0] == 'torchvision']:
        del sys.modules[name]
    _declared.append(torch.library.Library('torchvision', 'FRAGMENT'))   # while it lives
    for operator in ('nms', 'qnms'):
        _declared[0].define(f'{operator}(Tensor dets, Tensor scores, float threshold) -> Tensor')
    return importlib.import_module('torchvision')


def training(network, batch_size, image_size, epochs=1, freeze=False):
    """Return a side: the tab's `train_fine_tuning` on a folder of images, with a new net."""
    torchvision()

    def work(data):
        train_iter, test_iter, classes = batches(data, batch_size, image_size)
        net = finetune_net(network, classes, freeze)
        began = time.perf_counter()
        loss, trainer = prepare(net)
        ready = time.perf_counter()
        for _ in range(epochs):
            train_epoch(net, train_iter, loss, trainer)
            evaluate(net, test_iter)
        ended, examples = time.perf_counter(), len(train_iter.dataset) * epochs
        return {'images_per_second': examples / (ended - ready), 'call_seconds': ended - began,
                'call_images_per_second': examples / (ended - began)}
    return work


def step(network, batch_size, image_size, steps):
    """Return a side: the tab's step on a batch in memory."""
    torchvision()
    X, y = random_batch(batch_size, image_size)
    net = finetune_net(network, 2)
    loss, trainer = prepare(net)

    def work():
        began = time.perf_counter()
        train_epoch(net, [(X, y)] * steps, loss, trainer)
        return {'images_per_second': steps * batch_size / (time.perf_counter() - began)}
    return work


def random_batch(batch_size, image_size):
    torch.manual_seed(0)
    return torch.randn(batch_size, 3, image_size, image_size), torch.randint(0, 2, (batch_size,))


def loader(batch_size, image_size, workers):
    """Return a side: one pass over the tab's training batches, with `workers` processes."""
    torchvision()

    def work(data):
        train_set, = datasets(data, image_size, ['train'])
        train_iter = torch.utils.data.DataLoader(train_set, batch_size, shuffle=True,
                                                 num_workers=workers)
        for _ in train_iter:
            pass
        return {'images': len(train_set)}
    return work


def datasets(data, image_size, parts=('train', 'test')):
    """Return the folders of images with the tab's augmentation."""
    transforms = torchvision().transforms
    ready = [transforms.ToTensor(),
             transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
    augs = {'train': transforms.Compose([transforms.RandomResizedCrop(image_size),
                                         transforms.RandomHorizontalFlip(), *ready]),
            'test': transforms.Compose([transforms.Resize(round(image_size * 256 / 224)),
                                        transforms.CenterCrop(image_size), *ready])}
    folder = torchvision().datasets.ImageFolder
    return [folder(os.path.join(data, part), transform=augs[part]) for part in parts]


def batches(data, batch_size, image_size):
    """Return training batches, test batches and the number of classes."""
    train, test = datasets(data, image_size)
    load = torch.utils.data.DataLoader
    return (load(train, batch_size=batch_size, shuffle=True), load(test, batch_size=batch_size),
            len(train.classes))


def finetune_net(network, classes, freeze=False):
    """Return the net with a new output layer; with `freeze`, only that layer is trained.

    The tab's exercise 3 freezes the output layer too, and then learns nothing.
    """
    net = getattr(torchvision().models, network)()
    if freeze:
        for param in net.parameters():
            param.requires_grad = False
    net.fc = nn.Linear(net.fc.in_features, classes)
    nn.init.xavier_uniform_(net.fc.weight)
    return net


def parameter_groups(net, learning_rate):
    """Return two groups: the output layer has ten times the learning rate."""
    features = [param for name, param in net.named_parameters() if not name.startswith('fc.')]
    return [{'params': features}, {'params': net.fc.parameters(), 'lr': learning_rate * 10}]


def prepare(net, learning_rate=5e-5):
    """Return loss and trainer."""
    trainer = torch.optim.SGD(parameter_groups(net, learning_rate), lr=learning_rate,
                              weight_decay=0.001)
    return nn.CrossEntropyLoss(reduction='none'), trainer


def train_epoch(net, train_iter, loss, trainer):
    """Train on every batch once, and read its loss and number of correct predictions."""
    totals = [0.0, 0.0]
    for X, y in train_iter:
        net.train()
        trainer.zero_grad()
        y_hat = net(X)
        losses = loss(y_hat, y)
        losses.sum().backward()
        trainer.step()
        totals[0] += float(losses.sum())
        totals[1] += right(y_hat, y)


def evaluate(net, test_iter):
    """Return the accuracy on the test images."""
    net.eval()
    correct = examples = 0
    with torch.no_grad():
        for X, y in test_iter:
            correct, examples = correct + right(net(X), y), examples + len(y)
    return correct / examples


def right(y_hat, y):
    """Return the number of correct predictions, as a Python number."""
    return float((y_hat.argmax(dim=1) == y).sum())
