"""Computes frozen features once and keeps them; knows nothing about how the output layer learns.

They lie in a file of the cache whose name is the hash of all that decides them: the bytes of every
image, the weights, the graph, the crops. So a file that is there is right, and a stale one is
never asked for.
"""
import hashlib
import os
import random
import tempfile

import numpy as np

from ..compat.gluon import from_numpy
from ..data.check import hash_images
from ..data.loader import stack_labels
from ..errors import WorkError
from ..files.cache_dir import cache_dir
from ..models.graphs import fused, graph_of, in_precision, split
from ..models.output import weights
from ..progress import tqdm
from ..version import __version__
from .devices import split_batch
from .loop import seed_everything


def cache_features(net, train_iter, test_iter, config, devices, progress=True):
    """Return `(output, train_iter, test_iter)`: the output layer, and loaders of its inputs.

    Of each training image `config.views` crops are kept, those of the first epochs of a run with
    this seed; an epoch takes its own, or where it has none one of the others. Returns None for a
    net whose features are random while they train.
    """
    parts = split(net)
    if parts is None:
        return None
    features, output = parts
    if config.dtype != 'float32':
        features = in_precision(features, config.dtype)
    features = fused(features)
    decisive = _hash(__version__, graph_of(features), *weights(features).values())

    def infer(X):
        pieces, _ = split_batch(X, X, devices)
        return np.concatenate([y.asnumpy() for y in [features(piece) for piece in pieces]])
    return (output, FeatureLoader(train_iter, _crop_keys(config), infer, decisive, progress),
            FeatureLoader(test_iter, [0], infer, decisive, progress))


class FeatureLoader:
    """The batches of a `ImageLoader` in its order, with features that are kept for images.

    `keys` are the numbers of the epochs whose views are kept, `infer(X)` gives features of a batch,
    `decisive` stands for all that decides them but the images.
    """

    def __init__(self, loader, keys, infer, decisive, progress=True):
        self.loader, self.keys, self.skipped, self._lost = loader, keys, loader.skipped, set()
        self.empty = 0
        path = os.path.join(_folder(), self._name(decisive, progress))
        if not os.path.exists(path):
            self._write(path, infer, progress)
        self._kept = np.load(path, mmap_mode='r')
        if self._lost:   # the next run must not find it; this one has it open
            os.remove(path)

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        return self.batches()

    def batches(self, start=0):
        """Yield the batches of one epoch from number `start` on, counted from 0 without `empty`."""
        self.empty = self.empty if start else 0
        key, order = self.loader.sample_epoch()
        view = self.keys.index(key) if key in self.keys else key % len(self.keys)
        size = self.loader.batch_size
        for i in range((start + self.empty) * size, len(order), size):
            rows = [row for row in order[i:i + size] if row not in self._lost]
            if rows:
                labels = [self.loader.items[row][1] for row in rows]
                yield from_numpy(self._kept[view, rows]), stack_labels(labels)
            else:
                self.empty += 1

    def _name(self, decisive, progress):
        images = hash_images([path for path, _ in self.loader.items], progress)
        return _hash(decisive, repr((self.loader.augs, self.keys)), *images) + '.npy'

    def _write(self, path, infer, progress):
        """Compute the features of every view into a file that appears when they are all there."""
        everything, kept = range(len(self.loader.items)), None
        with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder, tqdm(
                desc='features', total=len(self.keys) * len(everything), unit='image',
                disable=not progress, leave=False) as bar:
            unfinished = os.path.join(folder, 'features.npy')
            for view, key in enumerate(self.keys):
                lost = set(everything)
                for rows, X, _ in self.loader.read(everything, key):
                    values = infer(X)
                    if kept is None:
                        shape = len(self.keys), len(everything), *values.shape[1:]
                        kept = np.lib.format.open_memmap(unfinished, 'w+', 'float32', shape)
                    kept[view, rows] = values
                    lost.difference_update(rows)
                    bar.update(len(rows))
                self._lost |= lost
            if kept is None:
                raise WorkError('none of the images can be read: is their folder still there?')
            kept.flush()
            os.replace(unfinished, path)


def _crop_keys(config):
    """The numbers that the loader of a run with this seed gives its first epochs."""
    keys = []
    for epoch in range(1, config.views + 1):
        seed_everything(config.seed, epoch)
        keys.append(random.getrandbits(64))
    return keys


def _folder():
    """Where features are kept, or where a cache that cannot be written sends them."""
    folder = os.path.join(cache_dir(), 'features')
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        return tempfile.gettempdir()
    return folder if os.access(folder, os.W_OK) else tempfile.gettempdir()


def _hash(*parts):
    """SHA-256 over texts and arrays."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()
