"""Cached frozen features: each image goes through them once, not once per epoch.

A file of features in the cache is named by the hash of everything that determines them: the bytes
of every image, the weights, the graph and the crops. So a file that exists is never out of date.
"""
from __future__ import annotations

import hashlib
import os
import random
import shutil
import tempfile
from typing import Any, Callable, Iterator, NamedTuple, Sequence

import numpy as np

from ..compat.gluon import from_numpy
from ..config import Config
from ..data.check import hash_images
from ..data.loader import ImageLoader, cut_epoch, stack_labels
from ..errors import UsageError, WorkError
from ..files.cache_dir import cache_dir
from ..models.graphs import fused, graph_of, in_precision, split
from ..models.output import output_part, weights
from ..progress import tqdm
from ..types import Array, Batch, Device, Net, NumPyArray
from ..version import __version__
from .devices import split_batch
from .loop import seed_everything

Infer = Callable[[Array], NumPyArray]   # a batch of images -> their features


def cache_features(net: Net, part: Net, train_iter: ImageLoader, test_iter: ImageLoader,
                   config: Config, devices: Sequence[Device], progress: bool = True
                   ) -> tuple[Net, FeatureLoader, FeatureLoader] | None:
    """Return `(rest, train_iter, test_iter)`: `net` from `part` on, and loaders of its inputs.

    What comes before `part` is frozen. Of each training image the crops of the first `config.views`
    epochs are cached. Later epochs reuse them in turn. Returns None for a net that cannot be split
    there.

    Raises:
        UsageError: The features need more space than there may be.
    """
    blocks = split(net, part)
    if blocks is None:
        return None
    features, rest = blocks
    if config.dtype != 'float32':
        features = in_precision(features, config.dtype)
        if part is not output_part(net):
            rest = in_precision(rest, config.dtype)
    features = fused(features)
    fingerprint = _hash(__version__, graph_of(features), *weights(features).values())
    store = _Store('float32' if config.dtype == 'float32' else 'float16', config.cache_limit)

    def infer(X: Array) -> NumPyArray:
        X_parts, _ = split_batch(X, X, devices)
        return np.concatenate([y.asnumpy() for y in [features(X_part) for X_part in X_parts]])
    return (rest, FeatureLoader(train_iter, _epoch_keys(config), infer, fingerprint, progress,
                                store),
            FeatureLoader(test_iter, [0], infer, fingerprint, progress, store))


class _Store(NamedTuple):
    """The type of cached numbers, and the largest size of a file of them."""

    dtype: str = 'float32'
    limit: int | None = None   # bytes; None: half of the free space

    def check(self, shape: Sequence[int], folder: str) -> None:
        """Raise `UsageError` if an array of this shape is too large for `folder`."""
        size = int(np.prod(shape, dtype='int64')) * np.dtype(self.dtype).itemsize
        limit = shutil.disk_usage(folder).free // 2 if self.limit is None else self.limit
        if size > limit:
            raise UsageError(
                f'the features of {shape[1]} images, {shape[0]} crops each, need '
                f'{size / 1e6:.0f} MB, but at most {limit / 1e6:.0f} MB are allowed: reduce views, '
                f'freeze more, raise cache_limit, or set views to 0, which caches nothing')


class FeatureLoader:
    """Batches of cached features, in the order of an `ImageLoader`.

    Attributes:
        skipped: List of (path, reason) of images that could not be read.
        empty: Number of batches of this epoch without a readable image.
    """

    def __init__(self, loader: ImageLoader, keys: Sequence[int], infer: Infer, fingerprint: str,
                 progress: bool = True, store: _Store | None = None) -> None:
        """Compute the features of the crops of epochs `keys`, unless they are cached.

        `fingerprint` identifies everything that determines the features but images and crops.
        """
        self.loader, self.keys, self.skipped = loader, keys, loader.skipped
        self.empty, self._store = 0, store or _Store()
        self._unreadable: set[int] = set()
        path = os.path.join(_folder(), self._file_name(fingerprint, progress))
        if not os.path.exists(path):
            self._write(path, infer, progress)
        self._features = np.load(path, mmap_mode='r')
        if self._unreadable:   # the next run must not find the file; this one has it open
            os.remove(path)

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Batch]:
        return self.batches()

    def batches(self, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch from number `start` on, not counting `empty` ones."""
        self.empty = self.empty if start else 0
        key, batches = self.loader.sample_epoch()
        crop = self.keys.index(key) if key in self.keys else key % len(self.keys)
        for batch in batches[start + self.empty:]:
            rows = [row for row in batch if row not in self._unreadable]
            if rows:
                labels = [self.loader.items[row][1] for row in rows]
                features = self._features[crop, rows].astype('float32', copy=False)
                yield from_numpy(features), stack_labels(labels)
            else:
                self.empty += 1

    def _file_name(self, fingerprint: str, progress: bool) -> str:
        images = hash_images([path for path, _ in self.loader.items], progress)
        crops = repr((self.loader.augs, self.keys, self.loader.background, self._store.dtype))
        return _hash(fingerprint, crops, *images) + '.npy'

    def _write(self, path: str, infer: Infer, progress: bool) -> None:
        """Write the features of every crop to a new file, which appears when it is complete."""
        count = len(self.loader.items)
        with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder, tqdm(
                desc='features', total=len(self.keys) * count, unit='image',
                disable=not progress, leave=False) as bar:
            unfinished, features = os.path.join(folder, 'features.npy'), None
            for crop, rows, values in self._compute(infer):
                if features is None:
                    shape = len(self.keys), count, *values.shape[1:]
                    self._store.check(shape, folder)
                    features = np.lib.format.open_memmap(  # type: ignore[no-untyped-call]
                        unfinished, 'w+', self._store.dtype, shape)
                features[crop, rows] = values
                bar.update(len(rows))
            if features is None:
                raise WorkError('no image can be read: check that their folder still exists')
            features.flush()
            os.replace(unfinished, path)

    def _compute(self, infer: Infer) -> Iterator[tuple[int, Any, NumPyArray]]:
        """Yield (crop, rows, features) of each batch; note the images that cannot be read."""
        everything = range(len(self.loader.items))
        batches = cut_epoch(everything, self.loader.batch_size, even=False)
        for crop, key in enumerate(self.keys):
            unreadable = set(everything)
            for rows, X, _ in self.loader.read(batches, key):
                yield crop, rows, infer(X)
                unreadable.difference_update(rows)
            self._unreadable |= unreadable


def _epoch_keys(config: Config) -> list[int]:
    """Return the keys that the loader of a run with this seed draws in the first epochs."""
    keys = []
    for epoch in range(1, config.views + 1):
        seed_everything(config.seed, epoch)
        keys.append(random.getrandbits(64))
    return keys


def _folder() -> str:
    """Return the folder of cached features, or a temporary one where it cannot be written."""
    folder = os.path.join(cache_dir(), 'features')
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        return tempfile.gettempdir()
    return folder if os.access(folder, os.W_OK) else tempfile.gettempdir()


def _hash(*parts: str | NumPyArray) -> str:
    """Return the SHA-256 over texts and arrays."""
    digest = hashlib.sha256()
    for part in parts:
        content: Any = part.encode() if isinstance(part, str) else part
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()
