"""Predict the classes of images with a trained network."""
from __future__ import annotations

import os
from typing import Any, Sequence, overload

import numpy as np

from ..compat.imports import array, mx
from ..config import DEFAULT_IMAGE_SIZE, DEFAULT_NETWORK
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
from ..types import Net, NumPyArray, Ranking, StrPath

BATCH_SIZE = 32


class Predictor:
    """Names the classes of images, most probable first.

    Images go through the test augmentation: resized, cropped at the centre, normalised.

    Args:
        net: A Gluon classifier.
        classes: The name of each output of `net`; default: `net.classes`.
        image_size: Side of the square images that the network takes, in pixels; default:
            `net.image_size`, that of its training, or 224 where the net has none.

    Raises:
        UsageError: No class names are known.
    """

    def __init__(self, net: Net, classes: Sequence[str] | None = None,
                 image_size: int | None = None) -> None:
        self.net = self.computing = net   # the same weights; `load` optimises the second's graph
        self.image_size: int = (image_size or getattr(net, 'image_size', None)
                                or DEFAULT_IMAGE_SIZE)
        self.classes: list[str] = list(classes or getattr(net, 'classes', None) or ())
        self.augs = test_augs(self.image_size)
        if not self.classes:
            raise UsageError('no class names: pass classes=, one name for each output of the net')

    @classmethod
    def load(cls, run: StrPath, dtype: str = 'float32') -> Predictor:
        """Load the best network of a run directory; checkpoints and training data are not needed.

        Args:
            run: Path of the run directory.
            dtype: Compute precision: 'float32', 'bfloat16' or 'float16', or 'int8' for the network
                that `export_int8` wrote into the run directory.

        Raises:
            UsageError: `run` is no run directory or has no completed epoch, or the CPU does not
                support `dtype`.
        """
        check_dtype(dtype, [mx.cpu()])
        directory = RunDirectory.open(run)
        if not directory.history:
            raise UsageError(f'no completed epoch in {directory.path}, so no weights to predict '
                             f'with: resume the run with --resume')
        classes, image_size = directory.classes, directory.config.image_size
        if dtype == 'int8':
            return cls(load_int8(directory.path), classes, image_size)
        net = scratch_net(directory.config.network or DEFAULT_NETWORK, classes)
        load_weights(net, directory.best_weights)
        predictor = cls(net, classes, image_size)
        predictor.computing = fused(_compiled(net, dtype))
        return predictor

    @overload
    def __call__(self, images: list[Any] | tuple[Any, ...],
                 top: int = 5) -> list[Ranking]: ...
    @overload
    def __call__(self, images: StrPath | Any, top: int = 5) -> Ranking: ...

    def __call__(self, images: Any, top: int = 5) -> Ranking | list[Ranking]:
        """Rank the classes of one image or of a list of images.

        Args:
            images: One image or a list of images, each a file or an array (height, width, 3) of
                RGB values from 0 to 255.
            top: The number of classes to return.

        Returns:
            `[(class, probability), ...]`, most probable first; for a list of images, a list of
            these.

        Raises:
            UsageError: A file is not a readable image, or the network has more or fewer outputs
                than there are class names.
        """
        if isinstance(images, (list, tuple)):
            return [self.rank(row, top) for row in self.probabilities(images)]
        return self.rank(self.probabilities([images])[0], top)

    def probabilities(self, images: Sequence[Any]) -> NumPyArray:
        """Compute the probability of every class.

        Args:
            images: Files or arrays, as for calling the predictor.

        Returns:
            Softmax outputs (images, classes).

        Raises:
            UsageError: As for calling the predictor.
        """
        if not len(images):
            return np.zeros((0, len(self.classes)))
        with WorkerPool(1) as pool:   # reads the next batch while this one is computed
            batches = (pool.submit(self._read, images[i:i + BATCH_SIZE])
                       for i in range(0, len(images), BATCH_SIZE))
            return np.concatenate([self._infer(X.result()) for X in prefetch(batches, 1)])

    def rank(self, row: NumPyArray, top: int = 5) -> Ranking:
        """Return one row of `probabilities` as `[(class, probability), ...]`, highest first."""
        order = np.argsort(-row, kind='stable')[:top]
        return [(self.classes[i], float(row[i])) for i in order]

    def _read(self, images: Sequence[Any]) -> NumPyArray:
        """Return a batch of images (images, 3, image_size, image_size)."""
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

    def _infer(self, X: NumPyArray) -> NumPyArray:
        probabilities: NumPyArray = predict_probabilities(self.computing, array(X))
        if probabilities.shape[1] != len(self.classes):
            raise UsageError(f'{len(self.classes)} class names for a net with '
                             f'{probabilities.shape[1]} outputs: pass one name for each output')
        return probabilities


def _compiled(net: Net, dtype: str) -> Net:
    net.hybridize(static_alloc=True, static_shape=True)
    return net if dtype == 'float32' else in_precision(net, dtype)
