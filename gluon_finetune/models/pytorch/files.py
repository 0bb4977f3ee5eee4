"""PyTorch's weight files, read without running any code in them."""
from __future__ import annotations

import os
import re
import tarfile
import zipfile
from typing import Any

import numpy as np
import safetensors

from ...errors import UsageError
from ...files.read import check_regular_file, read_bytes
from ...types import NumPyArray, StrPath
from ..params_file import MAX_BYTES
from .imports import import_torch

# What training scripts wrap a state dict in: a key beside the epoch and the optimizer, and the
# prefixes of DataParallel, torch.compile and Lightning.
_WRAPPERS = ('state_dict', 'model_state_dict', 'model')
_PREFIXES = ('module.', '_orig_mod.', 'model.')

_SAVE_A_STATE_DICT = ('save only the weights with torch.save(net.state_dict(), path), and use that '
                      'file')
_SAFETENSORS_TYPES = {'F64': '<f8', 'F32': '<f4', 'F16': '<f2', 'BF16': '<u2', 'I64': '<i8',
                      'I32': '<i4', 'I16': '<i2', 'I8': 'i1', 'U8': 'u1', 'BOOL': '?'}


def load_torch_file(path: StrPath) -> dict[str, NumPyArray]:
    """Return name -> array from a .pth, .pt or .safetensors file.

    Half precision becomes float32; wrappers and prefixes of the state dict are removed.
    .safetensors files need no PyTorch. Raises `UsageError` if the file is missing, corrupt, or
    contains anything but tensors.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise UsageError(f'no such file: {path}')
    read = _read_safetensors if path.endswith('.safetensors') else _read_pickled
    state_dict = _unwrap(read(path), path)
    _check_sizes(state_dict, path)
    try:
        return {name: as_numpy(tensor) for name, tensor in state_dict.items()}
    except TypeError:
        raise UsageError(f'{path} contains quantized or sparse tensors: save the weights of the '
                         f'float network') from None


def as_numpy(tensor: Any) -> NumPyArray:
    """Return a tensor or array as a NumPy array; half precision becomes float32."""
    if hasattr(tensor, 'detach'):
        tensor = tensor.detach().cpu()
        is_half = tensor.is_floating_point() and tensor.element_size() < 4   # float16, bfloat16
        tensor = (tensor.float() if is_half else tensor).numpy()
    array = np.asarray(tensor)
    return array.astype('float32') if array.dtype == np.float16 else array


def _check_sizes(state_dict: dict[str, Any], path: str) -> None:
    """Refuse tensors with stride 0: they have any size in a few bytes, until they are copied."""
    sizes = (tensor.element_size() * tensor.numel() for tensor in state_dict.values()
             if hasattr(tensor, 'element_size'))
    if sum(sizes) > 2 * os.path.getsize(path):   # tied weights are stored once
        raise UsageError(f'{path} contains tensors larger than the file: {_SAVE_A_STATE_DICT}')


def _read_pickled(path: str) -> Any:
    torch = import_torch(f'reading {path}')
    check_regular_file(path, MAX_BYTES)
    if _is_tar(path):  # older PyTorch runs code in these files even with weights_only
        raise UsageError(f'{path} uses the tar format of PyTorch before 0.2: {_SAVE_A_STATE_DICT}')
    try:
        _check_zip(path)
        return torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # a corrupt pickle can raise anything
        if re.search('unsupported (global|class)|torchscript', str(error).lower()):
            raise UsageError(f'{path} contains more than tensors, such as a pickled model, and '
                             f'loading it could run code: {_SAVE_A_STATE_DICT}') from None
        raise _corrupt(path, 'PyTorch') from None


def _is_tar(path: str) -> bool:
    """Return whether a file starts as a tar; `tarfile.is_tarfile` reads a header of any size."""
    try:
        with open(path, 'rb') as file:
            tarfile.TarInfo.frombuf(file.read(tarfile.BLOCKSIZE), 'utf-8', 'surrogateescape')
        return True
    except tarfile.HeaderError:
        return False


def _check_zip(path: str) -> None:
    """Check compression and checksums: PyTorch unpacks an entry of any size and checks no sums."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in file.infolist()):
                raise ValueError('compressed entry')   # PyTorch never writes one
            if file.testzip():
                raise ValueError('wrong checksum')


def _read_safetensors(path: str) -> dict[str, NumPyArray]:
    content = read_bytes(path, MAX_BYTES)
    try:
        entries = safetensors.deserialize(content)  # type: ignore[no-untyped-call]
        return {name: _safetensor(**entry) for name, entry in entries}
    except (safetensors.SafetensorError, KeyError):
        raise _corrupt(path, '.safetensors') from None


def _safetensor(dtype: str, shape: list[int], data: bytes) -> NumPyArray:
    array = np.frombuffer(data, _SAFETENSORS_TYPES[dtype]).reshape(shape)
    if dtype == 'BF16':  # the upper half of a float32
        return (array.astype('<u4') << 16).view('<f4')
    return array


def _corrupt(path: str, kind: str) -> UsageError:
    return UsageError(f'{path} is corrupt or not a {kind} file: download or save it again')


def _unwrap(content: Any, path: str) -> dict[str, Any]:
    for key in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not content or not all(
            isinstance(name, str) and hasattr(tensor, 'shape') for name, tensor in content.items()):
        raise UsageError(f'{path} contains no state dict (a dict of tensors): {_SAVE_A_STATE_DICT}')
    state_dict: dict[str, Any] = content
    for prefix in _PREFIXES * 2:  # in either order
        if all(name.startswith(prefix) for name in state_dict):
            state_dict = {name[len(prefix):]: tensor for name, tensor in state_dict.items()}
    return state_dict
