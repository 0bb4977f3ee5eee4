"""Turns the network of a run into one of 8-bit integers; knows nothing about how it was trained."""
import os
import tempfile

import numpy as np

from ..compat.array_api import legacy_api
from ..compat.imports import MXNET_2, mx
from ..data.augment import test_augs
from ..data.loader import ImageLoader
from ..errors import UsageError
from ..models.int8 import BATCH_SIZE, FOLDER, GRAPH, WEIGHTS, quantize
from ..results.predict import Predictor
from ..runs.directory import RunDirectory

IMAGES = 256   # to calibrate on: the ranges of activations hardly change with more


def export_int8(run, folders):
    """Writes the best network of a run for 8-bit integers into the run; returns the new folder.

    The ranges of activations come from `IMAGES` training images of `folders`. What that gains
    and costs `Predictor.load(run, dtype='int8')` is in docs/performance.md. Raises `UsageError`
    when the folder exists, and where the images have other classes than the run.
    """
    run = RunDirectory.open(run)
    out = run.file(FOLDER)
    if os.path.lexists(out):
        raise UsageError(f'{out} exists already: remove it to make it anew')
    if MXNET_2:
        raise UsageError('8-bit networks need MXNet 1: pip install "mxnet<2"')
    if folders.classes != run.classes:
        raise UsageError(f'{folders.root} has the classes {folders.classes}, the run '
                         f'{run.classes}: calibrate on the images it was trained on')
    with legacy_api():
        net = Predictor.load(run.path).net
        quantized = quantize(net, _some(folders.train, run.config.image_size))
        with tempfile.TemporaryDirectory(dir=run.path) as folder:
            finished = os.path.join(folder, FOLDER)
            os.mkdir(finished)
            quantized._cached_graph[1].save(os.path.join(finished, GRAPH))
            mx.nd.save(os.path.join(finished, WEIGHTS), {
                param.name: param._reduce() for param in quantized.collect_params().values()})
            os.rename(finished, out)
    return out


def _some(images, image_size):
    """Test views of `IMAGES` of the images, evenly from all classes: a NumPy batch."""
    step = max(len(images.items) // IMAGES, 1)
    some = images.subset(images.items[::step])
    loader = ImageLoader(some, test_augs(image_size), BATCH_SIZE)
    return np.concatenate([X.asnumpy() for X, _ in loader])
