"""Every format that a run can be exported to, each in a folder of its own in the run directory."""
from __future__ import annotations

import os
from typing import Callable, Iterator

from ..compat.imports import require_mxnet_1
from ..compat.quantization import check_quantization
from ..errors import UsageError, WorkError
from ..results.run_images import open_run_folders
from ..runs.directory import RunDirectory
from ..types import StrPath
from .check import Notify, folder_of, reference_of, silent
from .folder import new_folder
from .int8 import write_int8
from .onnx import check_onnx, write_onnx
from .pytorch import check_torch, write_torch
from .symbol import write_symbol

FORMATS = ('onnx', 'symbol', 'torch', 'int8')


def export_all(run: StrPath, *, data: StrPath | None = None, with_preprocessing: bool = False,
               notify: Notify = silent) -> Iterator[tuple[str, str | UsageError | WorkError]]:
    """Write the best network of a run in every format of `FORMATS`.

    Args:
        run: Path of the run directory.
        data: Folder of images on which each is compared with the run's own network, and which
            calibrate int8; by default the one that the run was trained on.
        with_preprocessing: As in `export_onnx`.
        notify: Called with a line about each comparison.

    Yields:
        (format, path of its folder), or (format, the error) where the network has no such export.

    Raises:
        UsageError: A folder exists, there are no images, or `run` is no run directory or has no
            completed epoch.
    """
    directory = RunDirectory.open(run)
    existing = [path for path in map(directory.file, FORMATS) if os.path.lexists(path)]
    if existing:
        raise UsageError(f'{", ".join(existing)} already exist{"s" * (len(existing) == 1)}: remove '
                         f'what is there to export to all formats')
    reference = reference_of(directory, data)

    def onnx(folder: str) -> None:
        check_onnx()
        write_onnx(folder, directory, reference, data, with_preprocessing, (), notify)

    def symbol(folder: str) -> None:
        require_mxnet_1('export --to symbol')
        write_symbol(folder, directory, reference, notify)

    def torch(folder: str) -> None:
        check_torch(directory)
        write_torch(folder, directory, reference, notify)

    def int8(folder: str) -> None:
        check_quantization()
        folders = open_run_folders(directory, data or folder_of(directory))
        write_int8(folder, directory, reference, folders, notify)

    writers: dict[str, Callable[[str], None]] = {
        'onnx': onnx, 'symbol': symbol, 'torch': torch, 'int8': int8}
    for name, write in writers.items():
        try:
            with new_folder(directory.file(name)) as folder:
                write(folder)
        except (UsageError, WorkError) as error:
            yield name, error
        else:
            yield name, directory.file(name)
