"""Mini-batches of augmented images, prepared ahead; knows nothing of networks or devices.

Threads decode and augment while the engine computes: Pillow and OpenCV work without Python's lock.
Each image has a random generator of its own, so that a batch depends neither on the number of
threads nor on the batches before it.
"""
import random
from concurrent.futures import TimeoutError as Late

from ..compat.gluon import empty, from_numpy
from ..compat.imports import array
from ..config import Config
from ..errors import UsageError, WorkError
from .augment import reduction_for, test_augs, train_augs
from .cache import ImageCache
from .image import EncodedImage
from .prefetch import Threads, ahead

PREFETCH_BATCHES = 2        # batches prepared beyond the one in use
READ_TIMEOUT_S = 120   # seconds for one image: a file system that takes longer is not coming back


def load_data(folders, batch_size, image_size=224, *, num_workers=1, min_area=0.08, cache=None,
              cache_limit=None, on_bad='stop'):
    """Return `(train_iter, test_iter)`, two `ImageLoader`s of `(X, y)` mini-batches.

    X: (batch, 3, image_size, image_size) float32; y: (batch,) int32. Training images are shuffled
    each epoch and none is dropped: the last batch may be smaller; `min_area` as in `train_augs`.
    `num_workers` threads prepare batches ahead (0: each batch is made when it is asked for).
    `cache`, 'ram' or 'disk', keeps decoded images for later epochs, at most `cache_limit` bytes.
    An image that cannot be read ends the epoch, or with `on_bad='skip'` is left out of its batch.
    Raises `UsageError` for a number that cannot be.
    """
    Config(batch_size=batch_size, image_size=image_size, num_workers=num_workers, cache=cache,
           cache_limit=cache_limit, on_bad=on_bad)   # checks them
    options = {'num_workers': num_workers, 'on_bad': on_bad,
               'cache': ImageCache(cache, cache_limit) if cache else None}
    return (ImageLoader(folders.train, train_augs(image_size, min_area=min_area), batch_size,
                          shuffle=True, **options),
            ImageLoader(folders.test, test_augs(image_size), batch_size, **options))


class ImageLoader:
    """The batches of a `ImageDataset`: each iteration over it is one epoch.

    What is random in an epoch (order, crops, flips) follows from one number that Python's `random`
    gives as it begins. `skipped` lists the (path, reason) that `on_bad='skip'` has left out, and
    `empty` is the number of batches of this epoch of which that left nothing.
    """

    def __init__(self, images, augs, batch_size, *, shuffle=False, num_workers=1, cache=None,
                 on_bad='stop'):
        self.items, self.augs, self.batch_size = images.items, augs, batch_size
        self.shuffle, self.num_workers = shuffle, num_workers
        self._open = cache.open if cache else EncodedImage
        self.on_bad, self.skipped, self.empty = on_bad, [], 0

    def __len__(self):
        return -(-len(self.items) // self.batch_size)

    def __iter__(self):
        return self.batches()

    def batches(self, start=0):
        """Yield the batches of one epoch from number `start` on, counted from 0 without `empty`."""
        self.empty = self.empty if start else 0
        key, order = self.draw()
        rest = order[(start + self.empty) * self.batch_size:]
        return ((X, y) for _, X, y in self.read(rest, key))

    def draw(self):
        """Return what is random in an epoch: its number, and the images in their order."""
        key, order = 0, list(range(len(self.items)))
        if self.shuffle:
            key = random.getrandbits(64)
            random.Random(key).shuffle(order)
        return key, order

    def read(self, order, key):
        """Yield (images, X, y) of batches of the images `order`, numbers in `items`.

        They look as in the epoch of number `key`.
        """
        starts = range(0, len(order), self.batch_size)
        with Threads(max(self.num_workers, 1)) as threads:
            batches = (self._begin(order[i:i + self.batch_size], key, threads) for i in starts)
            for batch in ahead(batches, PREFETCH_BATCHES if self.num_workers else 0):
                indices, X = self._finish(batch, threads)
                if indices:
                    labels = [self.items[index][1] for index in indices]
                    yield indices, X, array(labels, dtype='int32')
                else:
                    self.empty += 1

    def _begin(self, indices, key, threads):
        """Hand out the images of a batch; return its memory and a (image, future) for each."""
        X, view = empty((len(indices), 3, self.augs.image_size, self.augs.image_size))
        return X, view, [(index, threads.submit(self.prepare, index, key, out))
                         for index, out in zip(indices, view)]

    def _finish(self, batch, threads):
        """Wait for the images of a batch, for each no longer than `READ_TIMEOUT_S`."""
        X, view, futures = batch
        rows, indices = [], []
        for row, (index, future) in enumerate(futures):
            path = self.items[index][0]
            try:
                future.result(READ_TIMEOUT_S)
            except Late:
                threads.add()   # whichever hangs will not do the next image
                self._leave_out(path, f'reading it takes longer than {READ_TIMEOUT_S} seconds')
            except UsageError as reason:
                self._leave_out(path, str(reason))
            except WorkError:
                raise
            except Exception as error:   # a fault of ours or of a library, not of the image
                raise WorkError(f'preparing the image {path} failed: {error!r}') from error
            else:
                rows.append(row)
                indices.append(index)
        if 0 < len(rows) < len(X):
            X = from_numpy(view[rows])
        return indices, X

    def _leave_out(self, path, reason):
        if self.on_bad == 'stop':
            raise UsageError(f'cannot use the image {path}: {reason}')
        self.skipped.append((path, reason))

    def prepare(self, index, key, out):
        """Write image `index`, as it looks in the epoch that `key` stands for, into `out`."""
        image = self._open(self.items[index][0])
        read_crop(image, self.augs, random.Random(key + index), out)


def read_crop(image, augs, rng, out):
    """Write the crop that `augs` samples of an `EncodedImage` into `out`; decode only its part."""
    view = augs.draw(*image.shape, rng)
    reduction = reduction_for(view, image.reductions)
    augs.render(image.decode(reduction), view, out, reduction)
