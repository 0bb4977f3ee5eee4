"""What a trained network says about images; knows nothing about how it was trained."""
import os

import numpy as np

from ..compat.imports import array, mx
from ..data.augment import test_augs
from ..data.image import EncodedImage
from ..data.loader import read_crop
from ..data.prefetch import WorkerPool, prefetch
from ..errors import UsageError
from ..models.finetune import scratch_net
from ..models.graphs import fused, in_precision
from ..models.int8 import load_int8
from ..models.source import load_weights
from ..runs.directory import RunDirectory
from ..training.devices import check_dtype
from ..training.evaluate import predict_probabilities

BATCH_SIZE = 32


class Predictor:
    """Names the classes of images, most probable first.

    `classes` (default: `net.classes`) are the names of the rows of the output layer; images go
    through the test augmentation at `image_size`. Raises `UsageError` when names and rows differ
    in number, and for a file that is no image.
    """

    def __init__(self, net, classes=None, image_size=224):
        self.net = self.computing = net   # the same in other graphs: see `load`
        self.image_size = image_size
        self.classes = list(classes or net.classes or ())
        self.augs = test_augs(image_size)
        if not self.classes:
            raise UsageError('no class names: pass classes=, one name for each output of the net')

    @classmethod
    def load(cls, run, dtype='float32'):
        """The best network of a run directory, which is all it needs.

        With 'int8' the one that `export_int8` wrote there, with 'bfloat16' computed in that.
        """
        check_dtype(dtype, [mx.cpu()])
        run = RunDirectory.open(run)
        if not run.history:
            raise UsageError(f'{run.path} has no finished epoch to predict with: '
                             f'go on with it with --resume')
        if dtype == 'int8':
            return cls(load_int8(run.path), run.classes, run.config.image_size)
        net = scratch_net(run.config.network, run.classes)
        load_weights(net, run.best_weights)
        predictor = cls(net, run.classes, run.config.image_size)
        predictor.computing = fused(_compiled(net, dtype))
        return predictor

    def __call__(self, images, top=5):
        """`[(class, probability), ...]` for one image, a list of these for a list of images.

        An image is a file or an array (height, width, 3) of RGB bytes; `top` limits the classes.
        """
        if isinstance(images, (list, tuple)):
            return [self.rank(row, top) for row in self.probabilities(images)]
        return self.rank(self.probabilities([images])[0], top)

    def probabilities(self, images):
        """Softmax outputs as a NumPy array (images, classes)."""
        if not len(images):
            return np.zeros((0, len(self.classes)))
        with WorkerPool(1) as pool:   # which reads the next batch while this one is computed
            batches = (pool.submit(self._read, images[i:i + BATCH_SIZE])
                       for i in range(0, len(images), BATCH_SIZE))
            return np.concatenate([self._infer(X.result()) for X in prefetch(batches, 1)])

    def _read(self, images):
        """A batch of images as a NumPy array (images, 3, image_size, image_size)."""
        X = np.empty((len(images), 3, self.image_size, self.image_size), 'float32')
        for image, out in zip(images, X):
            if not isinstance(image, (str, os.PathLike)):
                self.augs.apply(image, None, out)
                continue
            try:
                read_crop(EncodedImage(image), self.augs, None, out)
            except UsageError as reason:
                raise UsageError(f'cannot use the image {image}: {reason}') from None
        return X

    def _infer(self, X):
        probabilities = predict_probabilities(self.computing, array(X))
        if probabilities.shape[1] != len(self.classes):
            raise UsageError(f'{len(self.classes)} class names for a net with '
                             f'{probabilities.shape[1]} outputs: pass one name for each output')
        return probabilities

    def rank(self, row, top=5):
        """One row of `probabilities` as `[(class, probability), ...]`, most probable first."""
        order = np.argsort(-row, kind='stable')[:top]
        return [(self.classes[i], float(row[i])) for i in order]


def _compiled(net, dtype):
    net.hybridize(static_alloc=True, static_shape=True)
    return net if dtype == 'float32' else in_precision(net, dtype)


def confusion(probabilities, labels):
    """Counts of images [true class, predicted class]; `probabilities` has a row for each."""
    counts = np.zeros((probabilities.shape[1],) * 2, int)
    np.add.at(counts, (list(labels), probabilities.argmax(axis=1)), 1)
    return counts
