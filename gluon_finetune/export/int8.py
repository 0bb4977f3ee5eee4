"""Export of the network of a run to 8-bit integers, as MXNet computes them."""
from __future__ import annotations

import os

import numpy as np

from ..compat.array_api import legacy_api
from ..compat.imports import array, mx
from ..compat.quantization import averaged_values, check_quantization, graph_of
from ..data.dataset import ImageDataset
from ..data.folders import ImageFolders
from ..data.loader import ImageLoader
from ..errors import UsageError
from ..files.json import write_json
from ..files.names import same_names
from ..models.int8 import BATCH_SIZE, FOLDER, GRAPH, WEIGHTS, load_int8, quantize
from ..results.predict import Predictor
from ..runs.directory import RunDirectory
from ..types import NumPyArray, StrPath
from .check import Notify, Reference, batches_of, check_accuracy, reference_of, silent
from .folder import new_folder, write_text
from .programs import PROGRAM, symbol_program

CALIBRATION_IMAGES = 256   # more would hardly change the ranges of activations


def export_int8(run: StrPath, folders: ImageFolders, *, notify: Notify = silent) -> str:
    """Quantize the best network of a run to 8-bit integers, into the run directory.

    `Predictor.load(run, dtype='int8')` loads it; docs/performance.md shows its speed and accuracy.
    The folder also holds `classify.py`, a short program that needs MXNet and Pillow alone.

    Args:
        run: Path of the run directory.
        folders: The images that the run was trained on. `CALIBRATION_IMAGES` of those for training
            give the ranges of activations; those for testing measure the accuracy.
        notify: Called with a line about the accuracy before and after.

    Returns:
        Path of the new folder.

    Raises:
        UsageError: The folder exists, the images have other classes than the run, `run` is no run
            directory or has no completed epoch, or MXNet is not MXNet 1.
        WorkError: More than one point of accuracy is lost.
    """
    directory = RunDirectory.open(run)
    out: str = directory.file(FOLDER)
    if os.path.lexists(out):
        raise UsageError(f'{out} already exists: remove it to export again')
    check_quantization()
    if not same_names(folders.classes, directory.classes):
        raise UsageError(f'{folders.root} has the classes {folders.classes}, the run has '
                         f'{directory.classes}: calibrate with the images it was trained on')
    reference = reference_of(directory, folders)
    with new_folder(out) as folder:
        write_int8(folder, directory, reference, folders, notify)
    return out


def write_int8(folder: str, run: RunDirectory, reference: Reference, folders: ImageFolders,
               notify: Notify) -> None:
    """Write the checked network of a run, its labels and the program into a folder `int8`."""
    with legacy_api(), mx.name.NameManager():   # the same names in every process
        predictor = Predictor.load(run.path)
        quantized = quantize(predictor.net, calibration_batch(folders.train, predictor))
        graph_of(quantized).save(os.path.join(folder, GRAPH))
        mx.nd.save(os.path.join(folder, WEIGHTS), averaged_values(quantized))
    loaded = load_int8(os.path.dirname(folder))
    outputs = [loaded(array(X)).asnumpy() for X in batches_of(reference.X)]
    check_accuracy('int8', reference, np.concatenate(outputs), notify)
    write_json(os.path.join(folder, 'labels.json'), run.classes)
    write_text(folder, PROGRAM, symbol_program(run.config.image_size, GRAPH, WEIGHTS))


def calibration_batch(images: ImageDataset, predictor: Predictor) -> NumPyArray:
    """Return `CALIBRATION_IMAGES` of the images, evenly from all classes, as for `predictor`."""
    step = max(len(images.items) // CALIBRATION_IMAGES, 1)
    some = images.subset(images.items[::step])
    some.background = predictor.background
    loader = ImageLoader(some, predictor.augs, BATCH_SIZE)
    return np.concatenate([X.asnumpy() for X, _ in loader])
