"""Reads PyTorch's weight files without running anything in them; knows nothing about networks."""
import os
import re
import tarfile
import zipfile

import numpy as np
import safetensors

from ...errors import UsageError
from ...files.read import check_regular_file, read_bytes
from ..params_file import MOST_BYTES
from .imports import import_torch

EXTENSIONS = ('.pth', '.pt', '.safetensors')

# What training scripts wrap a state dict in: a key beside the epoch and the optimiser, and the
# prefixes of DataParallel, torch.compile and Lightning.
_WRAPPERS = ('state_dict', 'model_state_dict', 'model')
_PREFIXES = ('module.', '_orig_mod.', 'model.')

_SAVE_A_STATE_DICT = 'save the weights alone, torch.save(net.state_dict(), path), and use that file'


def load_torch_file(path):
    """The tensors of a .pth, .pt or .safetensors file: a dict of name -> NumPy array.

    Half precision becomes float32, and what wraps or prefixes the state dict is taken off.
    .safetensors need no PyTorch. Raises `UsageError` when the file is missing, damaged, or holds
    anything but tensors.
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
        raise UsageError(f'{path} holds quantised or sparse tensors: save the weights of the float '
                         f'network') from None


def _check_sizes(state_dict, path):
    """A tensor whose steps are 0 has any size and lies in a few bytes, until it is copied."""
    sizes = (tensor.element_size() * tensor.numel() for tensor in state_dict.values()
             if hasattr(tensor, 'element_size'))
    if sum(sizes) > 2 * os.path.getsize(path):   # tied weights lie there once
        raise UsageError(f'{path} holds tensors that are larger than the file: '
                         f'{_SAVE_A_STATE_DICT}')


def as_numpy(tensor):
    """A NumPy array of a tensor or an array; half precision (float16, bfloat16) as float32."""
    if hasattr(tensor, 'detach'):
        tensor = tensor.detach().cpu()
        tensor = (tensor.float() if tensor.is_floating_point() and tensor.element_size() < 4
                  else tensor).numpy()
    array = np.asarray(tensor)
    return array.astype('float32') if array.dtype == np.float16 else array


def _read_pickled(path):
    torch = import_torch(f'reading {path}')
    check_regular_file(path, MOST_BYTES)
    if _is_tar(path):  # older PyTorch runs code found in these, even with weights_only
        raise UsageError(f'{path} is in the tar format of PyTorch before 0.2: {_SAVE_A_STATE_DICT}')
    try:
        _check_zip(path)
        state_dict = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # whatever a damaged pickle leads to
        reason = str(error)
        if re.search('unsupported (global|class)|torchscript', reason.lower()):
            raise UsageError(f'{path} holds more than tensors, a whole model perhaps, and reading '
                             f'that would run code in it: {_SAVE_A_STATE_DICT}') from None
        raise _damaged(path, 'PyTorch') from None
    return state_dict


def _is_tar(path):
    """Whether it begins as one; tarfile's own question would read a header of any size."""
    try:
        with open(path, 'rb') as file:
            tarfile.TarInfo.frombuf(file.read(tarfile.BLOCKSIZE), 'utf-8', 'surrogateescape')
        return True
    except tarfile.HeaderError:
        return False


def _check_zip(path):
    """PyTorch checks no sums, and unpacks an entry of any size, though it never shrinks one."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in file.infolist()):
                raise ValueError('an entry that unpacks to any size')
            if file.testzip():
                raise ValueError('a wrong sum')


_SAFETENSORS_TYPES = {'F64': '<f8', 'F32': '<f4', 'F16': '<f2', 'BF16': '<u2', 'I64': '<i8',
                      'I32': '<i4', 'I16': '<i2', 'I8': 'i1', 'U8': 'u1', 'BOOL': '?'}


def _read_safetensors(path):
    content = read_bytes(path, MOST_BYTES)
    try:
        return {name: _safetensor(**entry) for name, entry in safetensors.deserialize(content)}
    except (safetensors.SafetensorError, KeyError):
        raise _damaged(path, '.safetensors') from None


def _safetensor(dtype, shape, data):
    array = np.frombuffer(data, _SAFETENSORS_TYPES[dtype]).reshape(shape)
    if dtype == 'BF16':  # the upper half of a float32
        return (array.astype('<u4') << 16).view('<f4')
    return array


def _damaged(path, kind):
    return UsageError(f'{path} is damaged or no {kind} file: fetch or save it again')


def _unwrap(content, path):
    for key in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not content or not all(
            isinstance(name, str) and hasattr(tensor, 'shape') for name, tensor in content.items()):
        raise UsageError(f'{path} holds no state dict (a dict of tensors): {_SAVE_A_STATE_DICT}')
    for prefix in _PREFIXES * 2:  # in either order
        if all(name.startswith(prefix) for name in content):
            content = {name[len(prefix):]: tensor for name, tensor in content.items()}
    return content
