"""MXNet's .params files, read and written as NumPy arrays; hostile files are safe to read.

MXNet's own reader allocates any size that a corrupt file declares, and rejects NumPy-style arrays
while legacy ones are active; its writer leaves a truncated file on a full disk. MXNet 2 saves
archives of .npy files, which MXNet 1 cannot read.
"""
from __future__ import annotations

import io
import math
import struct
import zipfile
from typing import Any, Mapping

import numpy as np

from ..errors import UsageError
from ..files.read import read_bytes
from ..types import NumPyArray, StrPath, Writable

MAX_BYTES = 8 << 30   # the largest network of the zoos has half a gigabyte
MAX_DIMENSIONS = 32
LIST_MAGIC, ZIP_MAGIC = 0x112, b'PK\x03\x04'
NDARRAY_V1, NDARRAY_V2, NDARRAY_V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
DTYPES = {0: 'float32', 1: 'float64', 2: 'float16', 3: 'uint8', 4: 'int32', 5: 'int8', 6: 'int64',
          7: 'bool'}
TYPE_FLAGS = {name: flag for flag, name in DTYPES.items()}
CPU = 1   # device type


def write_params(file: Writable, arrays: Mapping[str, NumPyArray]) -> None:
    """Write name -> array byte for byte as MXNet saves legacy arrays: both versions read this."""
    file.write(struct.pack('<3Q', LIST_MAGIC, 0, len(arrays)))
    for value in arrays.values():
        value = np.ascontiguousarray(value)
        file.write(struct.pack(f'<IiI{value.ndim}q3i', NDARRAY_V2, 0, value.ndim, *value.shape,
                               CPU, 0, TYPE_FLAGS[value.dtype.name]))
        file.write(value.data.cast('B'))
    file.write(struct.pack('<Q', len(arrays)))
    for name in arrays:
        content = name.encode('utf-8')
        file.write(struct.pack('<Q', len(content)) + content)


def read_params(path: StrPath) -> dict[str, NumPyArray]:
    """Return parameter name -> array from a .params file, with the names as saved.

    Raises `UsageError` if the file cannot be read, is corrupt or is not a .params file.
    """
    content = read_bytes(path, MAX_BYTES)
    try:
        if content.startswith(ZIP_MAGIC):
            return _read_archive(content)
        return _Reader(memoryview(content)).named_arrays()
    except ValueError as error:
        raise UsageError(f'{path} is corrupt or not a .params file: {error}; download or save it '
                         f'again') from None


def _read_archive(content: bytes) -> dict[str, NumPyArray]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {_array_name(entry): _read_npy(archive.read(entry))
                    for entry in archive.infolist()}
    except Exception as error:   # zipfile and NumPy raise many types for a corrupt archive
        raise ValueError(f'the archive cannot be read ({error})') from None


def _array_name(entry: zipfile.ZipInfo) -> str:
    if entry.compress_type != zipfile.ZIP_STORED:   # a small file could fill the memory
        raise ValueError(f'{entry.filename} is compressed, which MXNet never does')
    if not entry.filename.endswith('.npy'):
        raise ValueError(f'{entry.filename} is not an array')
    return entry.filename[:-len('.npy')]


def _read_npy(content: bytes) -> NumPyArray:
    """Read an array after a check of its declared size, which `numpy.load` would allocate."""
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)  # type: ignore[no-untyped-call]
    read_header: Any = {(1, 0): np.lib.format.read_array_header_1_0,
                        (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, _, dtype = read_header(file)
    size = len(content) - file.tell()
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize != size:
        raise ValueError(f'an array of shape {shape} and type {dtype} has {size} bytes')
    value: NumPyArray = np.load(io.BytesIO(content), allow_pickle=False)
    return value


class _Reader:
    """Reads a .params file and never past its end."""

    def __init__(self, content: memoryview) -> None:
        self.content = content
        self.position = 0

    def take(self, size: int) -> memoryview:
        if size > len(self.content) - self.position:
            raise ValueError(f'it ends at byte {len(self.content)} in the middle of an entry')
        self.position += size
        return self.content[self.position - size:self.position]

    def numbers(self, form: str) -> tuple[int, ...]:
        return struct.unpack('<' + form, self.take(struct.calcsize('<' + form)))

    def named_arrays(self) -> dict[str, NumPyArray]:
        if len(self.content) == 0:
            raise ValueError('it is empty')
        if self.numbers('QQ')[0] != LIST_MAGIC:
            raise ValueError('it does not start with the magic number of MXNet')
        arrays = [self.array() for _ in range(self.count())]
        names = [self.name() for _ in range(self.count())]
        if len(names) != len(arrays) or len(set(names)) != len(names):
            raise ValueError(f'it has {len(arrays)} arrays, but {len(set(names))} names')
        return dict(zip(names, arrays))

    def count(self) -> int:
        count, = self.numbers('Q')
        if count > len(self.content):
            raise ValueError(f'it declares {count} entries')
        return count

    def array(self) -> NumPyArray:
        magic, = self.numbers('I')
        if magic in (NDARRAY_V2, NDARRAY_V3) and self.numbers('i') != (0,):
            raise ValueError('it has sparse arrays')
        shape = self.shape(magic)
        _, _, type_flag = self.numbers('iii')   # after the device
        if type_flag not in DTYPES:
            raise ValueError(f'an array has the unknown data type {type_flag}')
        dtype = np.dtype(DTYPES[type_flag])
        return np.frombuffer(self.take(math.prod(shape) * dtype.itemsize), dtype).reshape(shape)

    def shape(self, magic: int) -> tuple[int, ...]:
        versioned = magic in (NDARRAY_V1, NDARRAY_V2, NDARRAY_V3)
        ndim = self.numbers('I')[0] if versioned else magic  # the oldest files start with it
        if not (magic != NDARRAY_V3) <= ndim <= MAX_DIMENSIONS:
            raise ValueError(f'an array has {ndim} dimensions')
        shape = self.numbers(f'{ndim}{"q" if versioned else "I"}')
        if min(shape, default=1) < 1:
            raise ValueError(f'an array has the shape {shape}')
        return shape

    def name(self) -> str:
        try:
            return bytes(self.take(self.numbers('Q')[0])).decode('utf-8')
        except UnicodeDecodeError:
            raise ValueError('a parameter name is not UTF-8 text') from None
