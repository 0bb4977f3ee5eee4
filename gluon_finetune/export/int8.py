"""Export of the network of a run to 8-bit integers."""
from __future__ import annotations

import os
import tempfile

import numpy as np

from ..compat.array_api import legacy_api
from ..compat.imports import mx
from ..compat.quantization import averaged_values, check_quantization, graph_of
from ..data.dataset import ImageDataset
from ..data.folders import ImageFolders
from ..data.loader import ImageLoader
from ..errors import UsageError
from ..files.names import same_names
from ..models.int8 import BATCH_SIZE, FOLDER, GRAPH, WEIGHTS, quantize
from ..results.predict import Predictor
from ..runs.directory import RunDirectory
from ..types import NumPyArray, StrPath

CALIBRATION_IMAGES = 256   # more would hardly change the ranges of activations


def export_int8(run: StrPath, folders: ImageFolders) -> str:
    """Quantize the best network of a run to 8-bit integers, into the run directory.

    `Predictor.load(run, dtype='int8')` loads it; docs/performance.md shows its speed and accuracy.

    Args:
        run: Path of the run directory.
        folders: The images that the run was trained on. `CALIBRATION_IMAGES` of those for training
            give the ranges of activations.

    Returns:
        Path of the new folder.

    Raises:
        UsageError: The folder exists, the images have other classes than the run, `run` is no run
            directory or has no completed epoch, or MXNet is not MXNet 1.
    """
    directory = RunDirectory.open(run)
    out: str = directory.file(FOLDER)
    if os.path.lexists(out):
        raise UsageError(f'{out} already exists: remove it to export again')
    check_quantization()
    if not same_names(folders.classes, directory.classes):
        raise UsageError(f'{folders.root} has the classes {folders.classes}, the run has '
                         f'{directory.classes}: calibrate with the images it was trained on')
    with legacy_api():
        predictor = Predictor.load(directory.path)
        quantized = quantize(predictor.net, _calibration_batch(folders.train, predictor))
        with tempfile.TemporaryDirectory(dir=directory.path) as folder:
            finished = os.path.join(folder, FOLDER)
            os.mkdir(finished)
            graph_of(quantized).save(os.path.join(finished, GRAPH))
            mx.nd.save(os.path.join(finished, WEIGHTS), averaged_values(quantized))
            os.rename(finished, out)
    return out


def _calibration_batch(images: ImageDataset, predictor: Predictor) -> NumPyArray:
    """Return `CALIBRATION_IMAGES` of the images, evenly from all classes, as for `predictor`."""
    step = max(len(images.items) // CALIBRATION_IMAGES, 1)
    some = images.subset(images.items[::step])
    some.background = predictor.background
    loader = ImageLoader(some, predictor.augs, BATCH_SIZE)
    return np.concatenate([X.asnumpy() for X, _ in loader])
