"""Export of the network of a run in MXNet's own format: a symbol and its parameters."""
from __future__ import annotations

import os

import numpy as np

from ..compat.array_api import legacy_api
from ..compat.graphs import import_symbol
from ..compat.imports import array, mx, require_mxnet_1
from ..files.json import write_json
from ..results.predict import Predictor
from ..runs.directory import RunDirectory
from ..types import NumPyArray, StrPath
from .check import Notify, Reference, batches_of, check_outputs, reference_of, silent
from .folder import check_new, new_folder, write_text
from .programs import PROGRAM, symbol_program

FOLDER, PREFIX = 'symbol', 'model'
GRAPH, WEIGHTS = f'{PREFIX}-symbol.json', f'{PREFIX}-0000.params'
TOLERANCE = 1e-5   # of the largest output


def export_symbol(run: StrPath, out: StrPath | None = None, *, data: StrPath | None = None,
                  notify: Notify = silent) -> str:
    """Write the best network of a run as a symbol and its parameters, into a new folder.

    The folder holds `model-symbol.json` and `model-0000.params`, which
    `mxnet.gluon.SymbolBlock.imports` and `mxnet.model.load_checkpoint` load, `labels.json`, and
    `classify.py`, a short program that classifies images with MXNet and Pillow alone.

    Args:
        run: Path of the run directory.
        out: The folder to write; default: `symbol` in the run directory.
        data: Folder of images on which the written network is compared with that of the run; by
            default the one that the run was trained on.
        notify: Called with a line about the comparison.

    Returns:
        Path of the new folder.

    Raises:
        UsageError: MXNet is not MXNet 1, `out` exists, there are no images, or `run` is no run
            directory or has no completed epoch.
        WorkError: The outputs differ from those of the run's own network.
    """
    require_mxnet_1('export --to symbol')
    directory = RunDirectory.open(run)
    out = directory.file(FOLDER) if out is None else os.fspath(out)
    check_new(out)
    reference = reference_of(directory, data)
    with new_folder(out) as folder:
        write_symbol(folder, directory, reference, notify)
    return out


def write_symbol(folder: str, run: RunDirectory, reference: Reference, notify: Notify) -> None:
    """Write the checked network of a run, its labels and the program into a folder."""
    with legacy_api(), mx.name.NameManager():   # the same names in every process
        net = Predictor.load(run.path).net
        net.hybridize()
        net(array(reference.X[:1]))
        net.export(os.path.join(folder, PREFIX))
    check_outputs('symbol', reference, _outputs(folder, reference), TOLERANCE, notify)
    write_json(os.path.join(folder, 'labels.json'), run.classes)
    write_text(folder, PROGRAM, symbol_program(run.config.image_size, GRAPH, WEIGHTS))


def _outputs(folder: str, reference: Reference) -> NumPyArray:
    with legacy_api():
        net = import_symbol(os.path.join(folder, GRAPH), os.path.join(folder, WEIGHTS))
        return np.concatenate([net(array(X)).asnumpy() for X in batches_of(reference.X)])
