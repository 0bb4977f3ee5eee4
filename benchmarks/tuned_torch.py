"""PyTorch tuned as its own performance guide says.

https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html: every core, channels last,
bfloat16 by autocast, `torch.compile`, a foreach or fused optimiser, gradients set to None, no
synchronisation in the loop, inference mode for tests, persistent worker processes. Each is an
option; the benchmarks try them and take what is fastest on this machine.
"""
import contextlib
import time

import chapter_torch
import torch
from torch import nn

MEMORY = {'contiguous': torch.contiguous_format, 'channels last': torch.channels_last}


def training(network, batch_size, image_size, cores, epochs=1, freeze=False, workers=0, **tuning):
    """Return a side: epochs on a folder of images. The net is reused: compiling takes long."""
    torch.set_num_threads(cores)
    nets = {}

    def work(data):
        train_iter, test_iter, classes = batches(data, batch_size, image_size, workers)
        began = time.perf_counter()
        if not nets:
            nets['one'] = Net(network, classes, freeze, **tuning)
        net = nets['one']
        ready = time.perf_counter()
        for _ in range(epochs):
            net.train_epoch(train_iter)
            net.evaluate(test_iter)
        ended, examples = time.perf_counter(), len(train_iter.dataset) * epochs
        return {'images_per_second': examples / (ended - ready), 'call_seconds': ended - began,
                'call_images_per_second': examples / (ended - began)}
    return work


def step(network, batch_size, image_size, steps, cores, **tuning):
    """Return a side: the training step on a batch in memory."""
    torch.set_num_threads(cores)
    net = Net(network, 2, **tuning)
    X, y = chapter_torch.random_batch(batch_size, image_size)
    X = X.to(memory_format=net.memory)   # as after the first copy in the loop

    def work():
        began = time.perf_counter()
        net.train_epoch([(X, y)] * steps)
        return {'images_per_second': steps * batch_size / (time.perf_counter() - began)}
    return work


def predict(network, data, batch_size, image_size, steps, cores, **tuning):
    """Return a side: the net in inference mode on one batch, repeatedly, then on test images."""
    torch.set_num_threads(cores)
    test_set, = chapter_torch.datasets(data, image_size, ['test'])
    net = Net(network, len(test_set.classes), **tuning)
    X, _ = chapter_torch.random_batch(batch_size, image_size)
    net.prepare_to_predict(X)

    def work():
        began = time.perf_counter()
        for _ in range(steps):
            net.predict(X)
        seconds, began = time.perf_counter() - began, time.perf_counter()
        for X_file, _ in torch.utils.data.DataLoader(test_set, batch_size):
            net.predict(X_file).softmax(1)
        return {'images_per_second': steps * batch_size / seconds,
                'files_per_second': len(test_set) / (time.perf_counter() - began)}
    return work


def export_onnx(network, data, image_size, path):
    """Return a side that writes the net for ONNX Runtime."""
    import warnings

    def work():
        test_set, = chapter_torch.datasets(data, image_size, ['test'])
        net = chapter_torch.finetune_net(network, len(test_set.classes)).eval()
        X, _ = chapter_torch.random_batch(1, image_size)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')   # the newer exporter needs another package
            torch.onnx.export(net, (X,), path, dynamo=False, input_names=['X'],
                              dynamic_axes={'X': {0: 'batch'}})
        return {}
    return work


def batches(data, batch_size, image_size, workers):
    """Return the chapter's batches, made by persistent worker processes if there are any."""
    train, test = chapter_torch.datasets(data, image_size)
    load = torch.utils.data.DataLoader
    staying = {'num_workers': workers, 'persistent_workers': workers > 0}
    return (load(train, batch_size, shuffle=True, **staying), load(test, batch_size, **staying),
            len(train.classes))


class Net:
    """A tuned network and its optimiser."""

    def __init__(self, network, classes, freeze=False, memory='contiguous', compiled=False,
                 script=False, dtype='float32', optimizer=None):
        self.memory, self.script, self.autocast = MEMORY[memory], script, contextlib.nullcontext
        if dtype != 'float32':
            self.autocast = lambda: torch.autocast('cpu', getattr(torch, dtype))
        net = chapter_torch.finetune_net(network, classes, freeze)
        net = net.to(memory_format=self.memory)
        self.module = net
        self.net = torch.compile(net) if compiled else net
        self.loss = nn.CrossEntropyLoss()
        groups = chapter_torch.parameter_groups(net, 0.01)
        self.trainer = torch.optim.SGD(groups, lr=0.01, weight_decay=0.001,
                                       **{optimizer: True} if optimizer else {})

    def train_epoch(self, train_iter):
        """Train on every batch once; loss and correct predictions stay tensors until the end."""
        self.net.train()
        loss, correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for X, y in train_iter:
            self.trainer.zero_grad(set_to_none=True)
            with self.autocast():
                y_hat = self.net(X.to(memory_format=self.memory))
                mean = self.loss(y_hat, y)
            mean.backward()
            self.trainer.step()
            loss += mean.detach() * len(y)
            correct += (y_hat.detach().argmax(1) == y).sum()
        return loss.item(), correct.item()

    def evaluate(self, test_iter):
        self.net.eval()
        return sum((self.predict(X).argmax(1) == y).sum() for X, y in test_iter).item()

    def predict(self, X):
        with torch.inference_mode(), self.autocast():
            return self.net(X.to(memory_format=self.memory))

    def prepare_to_predict(self, X):
        """Freeze and fuse a script; make the first, slow calls."""
        self.net.eval()
        if self.script:
            with torch.inference_mode():
                traced = torch.jit.trace(self.module, X.to(memory_format=self.memory))
                self.net = torch.jit.optimize_for_inference(torch.jit.freeze(traced))
        for _ in range(3):
            self.predict(X)


