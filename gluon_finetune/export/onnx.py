"""Export of the network of a run to ONNX."""
from __future__ import annotations

import os
from typing import Sequence

from ..compat.imports import require_mxnet_1
from ..compat.onnx import import_onnx
from ..compat.optional import import_optional
from ..data.image import read_pixels
from ..errors import UsageError
from ..results.predict import Predictor
from ..results.run_images import open_run_folders
from ..runs.directory import RunDirectory
from ..types import NumPyArray, StrPath
from .check import (
    Notify,
    Reference,
    batches_of,
    check_accuracy,
    check_outputs,
    folder_of,
    reference_of,
    silent,
)
from .folder import check_new, new_folder, write_text
from .int8 import calibration_batch
from .onnx_model import complete, convert, run_model
from .onnx_variants import to_float16, to_int8
from .programs import PROGRAM, onnx_program

FOLDER, MODEL = 'onnx', 'model.onnx'
VARIANTS = ('float16', 'int8')
TOLERANCE = 1e-4   # of the largest output; rounding gives 1e-6
PREPROCESSING_TOLERANCE = 0.03   # some resized pixels are off by one grey value


def export_onnx(run: StrPath, out: StrPath | None = None, *, data: StrPath | None = None,
                with_preprocessing: bool = False, variants: Sequence[str] = (),
                notify: Notify = silent) -> str:
    """Write the best network of a run as ONNX, into a new folder.

    The folder holds `model.onnx` (opset 13) and `classify.py`, a short program that classifies
    images with ONNX Runtime and Pillow alone. The model takes any number of images and returns
    `logits` and `probabilities`; its metadata has the labels and the normalisation.

    Args:
        run: Path of the run directory.
        out: The folder to write; default: `onnx` in the run directory.
        data: Folder of images on which the model is compared with the run's own network; by
            default the one that the run was trained on.
        with_preprocessing: Whether the model itself resizes, crops and normalises: it then takes
            `images`, (batch, height, width, 3) uint8 RGB of any size, instead of `data`, (batch, 3,
            image_size, image_size) float32.
        variants: Models in lower precision to write beside it: 'float16' (`model-float16.onnx`),
            'int8' (`model-int8.onnx`, calibrated on training images).
        notify: Called with a line about each comparison.

    Returns:
        Path of the new folder.

    Raises:
        UsageError: onnx or ONNX Runtime is not installed, `out` exists, MXNet's exporter does not
            support the network, there are no images, or `run` is no run directory or has no
            completed epoch.
        WorkError: The outputs differ from those of the run's own network, or a variant loses more
            than one point of accuracy.
    """
    check_onnx(variants)
    directory = RunDirectory.open(run)
    out = directory.file(FOLDER) if out is None else os.fspath(out)
    check_new(out)
    reference = reference_of(directory, data)
    with new_folder(out) as folder:
        write_onnx(folder, directory, reference, data, with_preprocessing, variants, notify)
    return out


def check_onnx(variants: Sequence[str] = ()) -> None:
    """Raise `UsageError` if a library is not installed, or a variant is unknown."""
    require_mxnet_1('export --to onnx')
    import_onnx()
    import_optional('onnxruntime', 'export to ONNX', 'export')
    for name in variants:
        if name not in VARIANTS:
            raise UsageError(f'unknown variant {name!r}: expected {" or ".join(VARIANTS)}')


def write_onnx(folder: str, run: RunDirectory, reference: Reference, data: StrPath | None,
               with_preprocessing: bool, variants: Sequence[str], notify: Notify) -> None:
    """Write the checked models of a run, and the program, into a folder; as `export_onnx`."""
    model, onnx = convert(run), import_onnx()
    for name in ('float32', *variants):
        path = os.path.join(folder, MODEL if name == 'float32' else f'model-{name}.onnx')
        if name == 'int8':
            folders = open_run_folders(run, data or folder_of(run))
            rounded = to_int8(model, calibration_batch(folders.train, Predictor.load(run.path)))
        else:
            rounded = to_float16(model) if name == 'float16' else model
        onnx.save(complete(rounded, run, with_preprocessing), path)
        outputs = _outputs(path, reference, with_preprocessing)
        if name == 'float32':
            tolerance = PREPROCESSING_TOLERANCE if with_preprocessing else TOLERANCE
            check_outputs('onnx', reference, outputs, tolerance, notify)
        else:
            check_accuracy(f'onnx {name}', reference, outputs, notify)
    write_text(folder, PROGRAM, onnx_program(run.config.image_size, with_preprocessing))


def _outputs(path: str, reference: Reference, with_preprocessing: bool) -> NumPyArray:
    if with_preprocessing:
        return run_model(path, (read_pixels(image, reference.background)[None]
                                for image in reference.paths))
    return run_model(path, batches_of(reference.X))
