"""Formats of source files, and the files of a run beside its best.params."""
from __future__ import annotations

import glob
import os
import zipfile
from typing import Any, NamedTuple

from ..errors import UsageError
from ..files.json import read_json
from ..types import StrPath
from .zoo import network_names

_HDF5_MAGIC = b'\x89HDF\r\n\x1a\n'
_ZIP_MAGIC = b'PK\x03\x04'
_OTHER_FORMATS = {'.onnx': 'ONNX', '.pb': 'TensorFlow', '.tflite': 'TensorFlow Lite',
                  '.caffemodel': 'Caffe'}
FILE_ENDINGS = ('.json', '.h5', '.hdf5', '.keras', *_OTHER_FORMATS)


class Training(NamedTuple):
    """Facts of its training that a net notes; None where they are unknown."""

    network: str | None = None
    classes: list[str] | None = None
    image_size: int | None = None    # side in pixels
    background: str | None = None    # the colour behind transparent pixels


NOTHING_KNOWN = Training()


def check_format(path: str) -> None:
    """Raise `UsageError` for files that hold no weights of Gluon, with what to use instead."""
    with open(path, 'rb') as file:
        start = file.read(8)
    ending = os.path.splitext(path)[1].lower()
    if ending == '.json':
        raise UsageError(_without_weights(path))
    if start == _HDF5_MAGIC or ending in ('.h5', '.hdf5', '.keras'):
        raise UsageError(
            f'{path} is a Keras file, not one of Gluon or PyTorch: build the same network in '
            f'PyTorch, copy the arrays into it (kernels of convolutions transposed by (3, 2, 0, '
            f'1), of dense layers by (1, 0)), and give the file that torch.save(net.state_dict(), '
            f'"resnet18-mine.pth") writes')
    if ending in _OTHER_FORMATS:
        raise UsageError(f'{path} is a {_OTHER_FORMATS[ending]} file: a source is a .params file '
                         f'of Gluon, or a .pth, .pt or .safetensors file of PyTorch')
    if start[:4] == _ZIP_MAGIC and _is_torch(path):
        raise UsageError(f'{path} is a PyTorch file: rename it so that its name ends in .pth')


def training_of(path: StrPath) -> Training:
    """Return what the files beside the best.params of a run say; elsewhere nothing is known."""
    folder = os.path.dirname(path)
    config, labels = (_read(os.path.join(folder, name)) for name in ('config.json', 'labels.json'))
    if not isinstance(config, dict) or config.get('network') not in network_names():
        return NOTHING_KNOWN
    size, background = config.get('image_size'), config.get('background')
    names = labels if isinstance(labels, list) and all(isinstance(x, str) for x in labels) else None
    return Training(config['network'], names, size if isinstance(size, int) else None,
                    background if isinstance(background, str) else None)


def _read(path: str) -> Any:
    """Return the content of a JSON file, None if there is none or it is not a run's."""
    try:
        return read_json(path) if os.path.isfile(path) else None
    except UsageError:
        return None


def _without_weights(path: str) -> str:
    base = path[:-len('-symbol.json')] if path.endswith('-symbol.json') else path[:-len('.json')]
    found = sorted(glob.glob(glob.escape(base) + '-[0-9][0-9][0-9][0-9].params'))
    if found:
        return f'{path} describes a network without its weights: give {found[-1]}, which has them'
    return (f'{path} describes a network without its weights: give the .params file that was '
            f'written with it, such as {base}-0000.params')


def _is_torch(path: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith('data.pkl') for name in archive.namelist())
    except Exception:   # a corrupt archive; the reader of .params files says so
        return False
