"""Predict the classes of images with a trained network."""
from __future__ import annotations

import itertools
import os
from concurrent.futures import Future
from typing import Any, Iterable, Iterator, Sequence, Tuple, overload

import numpy as np

from ..compat.imports import array, mx
from ..config import DEFAULT_IMAGE_SIZE, DEFAULT_NETWORK
from ..data.augment import test_augs
from ..data.check import BadImage
from ..data.image import check_background, read_pixels
from ..data.modes import DEFAULT_BACKGROUND
from ..data.prefetch import WorkerPool
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
_Read = Tuple[NumPyArray, 'dict[int, BadImage]']


class Predictor:
    """Names the classes of images, most probable first.

    Images go through the test augmentation: resized, cropped at the centre, normalised.

    Args:
        net: A Gluon classifier.
        classes: The name of each output of `net`; default: `net.classes`.
        image_size: Side of the square images that the network takes, in pixels; default:
            `net.image_size`, that of its training, or 224 where the net has none.
        background: The colour behind transparent pixels of files; default: `net.background`, that
            of its training, or white where the net has none.

    Raises:
        UsageError: No class names are known, or `background` is no colour.
    """

    def __init__(self, net: Net, classes: Sequence[str] | None = None,
                 image_size: int | None = None, background: str | None = None) -> None:
        self.net = self.computing = net   # the same weights; `load` optimises the second's graph
        self.image_size: int = (image_size or getattr(net, 'image_size', None)
                                or DEFAULT_IMAGE_SIZE)
        self.classes: list[str] = list(classes or getattr(net, 'classes', None) or ())
        self.augs = test_augs(self.image_size)
        self.background: str = (background or getattr(net, 'background', None)
                                or DEFAULT_BACKGROUND)
        check_background(self.background)
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
        check_finished(directory)
        classes, config = directory.classes, directory.config
        if dtype == 'int8':
            return cls(load_int8(directory.path), classes, config.image_size, config.background)
        net = scratch_net(config.network or DEFAULT_NETWORK, classes)
        load_weights(net, directory.best_weights)
        predictor = cls(net, classes, config.image_size, config.background)
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
        rows = []
        batches = (images[i:i + BATCH_SIZE] for i in range(0, len(images), BATCH_SIZE))
        for _, answer in self.stream(batches):
            if isinstance(answer, BadImage):
                raise UsageError(f'cannot use the image {answer.path}: {answer.reason}')
            rows.append(answer)
        return np.stack(rows) if rows else np.zeros((0, len(self.classes)))

    def stream(self, batches: Iterable[Sequence[Any]]
               ) -> Iterator[tuple[Any, NumPyArray | BadImage]]:
        """Compute the probabilities of batches of images that need not be known in advance.

        Args:
            batches: Lists of files or arrays. The next one is taken and read while one is computed;
                an empty one means that the next may take long, and has all answers given first.

        Yields:
            `(image, answer)` in the order of the images. The answer is a row of `probabilities`, or
            a `BadImage` for a file that is not a readable image.

        Raises:
            UsageError: The network has more or fewer outputs than there are class names.
        """
        waiting: tuple[Sequence[Any], Future[_Read]] | None = None
        with WorkerPool(1) as pool:
            for images in itertools.chain(batches, [()]):
                reading = (images, pool.submit(self._read, images)) if len(images) else None
                if waiting:
                    yield from self._answers(waiting[0], *waiting[1].result())
                waiting = reading

    def rank(self, row: NumPyArray, top: int = 5) -> Ranking:
        """Return one row of `probabilities` as `[(class, probability), ...]`, highest first."""
        if top < 1:
            raise UsageError(f'top must be a whole number of at least 1, not {top!r}')
        order = np.argsort(-row, kind='stable')[:top]
        return [(self.classes[i], float(row[i])) for i in order]

    def _read(self, images: Sequence[Any]) -> _Read:
        """Return X of the images that can be read, and the others by their index."""
        X = np.empty((len(images), 3, self.image_size, self.image_size), 'float32')
        bad: dict[int, BadImage] = {}
        for index, image in enumerate(images):
            out = X[index - len(bad)]
            if isinstance(image, BadImage):
                bad[index] = image
            elif not isinstance(image, (str, os.PathLike)):
                self.augs.apply(image, None, out)
            else:
                try:
                    self.augs.apply(read_pixels(image, self.background), None, out)
                except UsageError as reason:
                    bad[index] = BadImage(os.fspath(image), str(reason))
        return X[:len(images) - len(bad)], bad

    def _answers(self, images: Sequence[Any], X: NumPyArray, bad: dict[int, BadImage]
                 ) -> Iterator[tuple[Any, NumPyArray | BadImage]]:
        rows = iter(self._infer(X) if len(X) else ())
        for index, image in enumerate(images):
            yield image, bad[index] if index in bad else next(rows)

    def _infer(self, X: NumPyArray) -> NumPyArray:
        probabilities: NumPyArray = predict_probabilities(self.computing, array(X))
        if probabilities.shape[1] != len(self.classes):
            raise UsageError(f'{len(self.classes)} class names for a net with '
                             f'{probabilities.shape[1]} outputs: pass one name for each output')
        return probabilities


def check_finished(run: RunDirectory) -> None:
    """Raise `UsageError` if a run has no completed epoch."""
    if not run.history:
        raise UsageError(f'no completed epoch in {run.path}, so no weights to predict with: resume '
                         f'the run with --resume')


def _compiled(net: Net, dtype: str) -> Net:
    net.hybridize(static_alloc=True, static_shape=True)
    return net if dtype == 'float32' else in_precision(net, dtype)
