"""Mini-batches of augmented images, prefetched by worker threads.

The threads decode and augment while MXNet computes: Pillow and OpenCV release Python's lock. Every
image has its own random generator, so a batch depends neither on the number of threads nor on
earlier batches.
"""
from __future__ import annotations

import random
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Literal, Sequence, Tuple

import numpy as np

from ..compat.gluon import empty, from_numpy
from ..compat.imports import array
from ..config import Config
from ..errors import UsageError, WorkError
from ..types import Array, NumPyArray
from .augment import Augmentation, test_augs, train_augs
from .cache import ImageCache
from .image import read_pixels
from .prefetch import WorkerPool, prefetch

if TYPE_CHECKING:
    from .dataset import ImageDataset
    from .folders import ImageFolders

PREFETCH_BATCHES = 2    # batches prepared beyond the one in use
READ_TIMEOUT_S = 120    # per image; a file system that takes longer is not coming back

Batch = Tuple[Array, Array]   # X, y
# A batch in preparation: X, its memory as a NumPy array, (index, future) of each image.
_Pending = Tuple[Array, NumPyArray, 'list[tuple[int, Future[None]]]']


def load_data(folders: ImageFolders, batch_size: int, image_size: int = 224, *,
              num_workers: int = 1, min_area: float = 0.08,
              cache: Literal['ram', 'disk'] | None = None, cache_limit: int | None = None,
              on_bad: Literal['stop', 'skip'] = 'stop',
              chapter_batches: bool = False,
              eval_part: Literal['test', 'val'] = 'test') -> tuple[ImageLoader, ImageLoader]:
    """Return the loaders of the training and the test images.

    Training images are shuffled each epoch, and none is dropped: where `batch_size` does not divide
    their number, all batches are a little smaller. Source: the chapter, section "Reading the
    Dataset".

    Args:
        folders: The images.
        batch_size: Images per batch.
        image_size: Side of the images in a batch, in pixels.
        num_workers: Threads that prefetch batches; 0 makes each batch when it is asked for.
        min_area: Smallest training crop as a fraction of the image's area.
        cache: Where decoded images are cached for later epochs, None for nowhere.
        cache_limit: Size of the cache in bytes; by default half of what is free.
        on_bad: With 'stop' an unreadable image raises `UsageError`, with 'skip' it is skipped.
        chapter_batches: Cut an epoch into full batches and a smaller last one, as the chapter does.
        eval_part: With 'val' the second loader has the validation images.

    Returns:
        `(train_iter, test_iter)`, two `ImageLoader`s of mini-batches `(X, y)` with X of shape
        (batch, 3, image_size, image_size), float32, and y of shape (batch,), int32.

    Raises:
        UsageError: If an argument is out of range, or there are no validation images.
    """
    Config(batch_size=batch_size, image_size=image_size, num_workers=num_workers, cache=cache,
           cache_limit=cache_limit, on_bad=on_bad,
           chapter_batches=chapter_batches)   # checks the arguments
    evaluated = folders.test if eval_part == 'test' else folders.val
    if evaluated is None:
        raise UsageError(f'no validation images in {folders.root}: add a folder val/, or open it '
                         'with val_fraction=0.2')
    images = ImageCache(cache, cache_limit) if cache else None
    return (ImageLoader(folders.train, train_augs(image_size, min_area=min_area), batch_size,
                        shuffle=True, num_workers=num_workers, cache=images, on_bad=on_bad,
                        even_batches=not chapter_batches),
            ImageLoader(evaluated, test_augs(image_size), batch_size,
                        num_workers=num_workers, cache=images, on_bad=on_bad))


class ImageLoader:
    """The batches of an `ImageDataset`; iterating over it is one epoch.

    All that is random in an epoch (order, crops, flips) follows from one key, which Python's
    `random` gives when the epoch begins. With `even_batches` the numbers of images in its batches
    differ by one at most.

    Attributes:
        skipped: The (path, reason) of each image that `on_bad='skip'` has skipped.
        empty: Number of batches of this epoch in which every image was skipped.
    """

    def __init__(self, images: ImageDataset, augs: Augmentation, batch_size: int, *,
                 shuffle: bool = False, num_workers: int = 1, cache: ImageCache | None = None,
                 on_bad: Literal['stop', 'skip'] = 'stop', even_batches: bool = False) -> None:
        self.items, self.augs, self.batch_size = images.items, augs, batch_size
        self.even_batches = even_batches
        self.shuffle, self.num_workers, self.cache = shuffle, num_workers, cache
        self.on_bad, self.empty = on_bad, 0
        self.background = images.background
        self.skipped: list[tuple[str, str]] = []

    def __len__(self) -> int:
        return -(-len(self.items) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        return self.batches()

    def batches(self, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of one epoch from number `start` on, counted from 0 without `empty`."""
        self.empty = self.empty if start else 0
        key, batches = self.sample_epoch()
        return ((X, y) for _, X, y in self.read(batches[start + self.empty:], key))

    def sample_epoch(self) -> tuple[int, list[Sequence[int]]]:
        """Sample the key of an epoch and its batches: lists of indices into `items`."""
        key, order = 0, list(range(len(self.items)))
        if self.shuffle:
            key = random.getrandbits(64)
            random.Random(key).shuffle(order)
        return key, cut_epoch(order, self.batch_size, self.even_batches)

    def read(self, batches: Sequence[Sequence[int]],
             key: int) -> Iterator[tuple[list[int], Array, Array]]:
        """Yield (indices, X, y) for batches of indices, cropped as in the epoch `key`."""
        with WorkerPool(max(self.num_workers, 1)) as pool:
            pending = (self._submit(batch, key, pool) for batch in batches)
            for batch in prefetch(pending, PREFETCH_BATCHES if self.num_workers else 0):
                indices, X = self._collect(batch, pool)
                if indices:
                    yield indices, X, stack_labels(self.items[index][1] for index in indices)
                else:
                    self.empty += 1

    def _submit(self, indices: Sequence[int], key: int, pool: WorkerPool) -> _Pending:
        """Queue the images of a batch."""
        X, memory = empty((len(indices), 3, self.augs.image_size, self.augs.image_size))
        return X, memory, [(index, pool.submit(self.prepare, index, key, out))
                           for index, out in zip(indices, memory)]

    def _collect(self, batch: _Pending, pool: WorkerPool) -> tuple[list[int], Array]:
        """Wait at most `READ_TIMEOUT_S` for each image of a batch; return the indices read, X."""
        X, memory, futures = batch
        rows, indices = [], []
        for row, (index, future) in enumerate(futures):
            path = self.items[index][0]
            try:
                future.result(READ_TIMEOUT_S)
            except FutureTimeout:
                pool.add()   # the thread that hangs reads no further image
                self._skip(path, f'reading it timed out after {READ_TIMEOUT_S} seconds')
            except UsageError as reason:
                self._skip(path, str(reason))
            except WorkError:
                raise
            except Exception as error:   # a fault of the package or a library, not of the image
                raise WorkError(f'preparing the image {path} failed: {error!r}') from error
            else:
                rows.append(row)
                indices.append(index)
        if 0 < len(rows) < len(X):
            X = from_numpy(memory[rows])
        return indices, X

    def _skip(self, path: str, reason: str) -> None:
        if self.on_bad == 'stop':
            raise UsageError(f'cannot use the image {path}: {reason}')
        self.skipped.append((path, reason))

    def prepare(self, index: int, key: int, out: NumPyArray) -> None:
        """Write image `index`, cropped as in the epoch `key`, into `out`."""
        path = self.items[index][0]
        read = self.cache.read if self.cache else read_pixels
        self.augs.apply(read(path, self.background), random.Random(key + index), out)


def cut_epoch(order: Sequence[int], batch_size: int, even: bool = True) -> list[Sequence[int]]:
    """Cut an epoch into as few batches as `batch_size` allows.

    BatchNorm normalises by the mean and deviation of a batch: a last batch of one or two images
    spoils its running statistics. So the batches are `even`: 33 images in batches of 16 become 11,
    11 and 11. The chapter has 16, 16 and 1.

    Args:
        order: The indices of an epoch.
        batch_size: The largest number of indices in a batch.
        even: Whether the batches differ by one index at most.
    """
    if not even or not order:
        return [order[i:i + batch_size] for i in range(0, len(order), batch_size)]
    count = -(-len(order) // batch_size)
    ends = [i * len(order) // count for i in range(count + 1)]
    return [order[i:j] for i, j in zip(ends, ends[1:])]


def stack_labels(labels: Iterable[Any]) -> Array:
    """Stack the labels of a batch.

    Class indices become an int32 array of shape (batch,), soft labels (vectors of class
    probabilities) a float32 array of shape (batch, classes).
    """
    stacked = np.asarray(list(labels))
    return array(stacked, dtype='float32' if stacked.dtype.kind == 'f' else 'int32')
