"""Reads and writes MXNet's .params files as NumPy arrays; trusts nothing in them, needs no MXNet.

MXNet's own reader allocates whatever a damaged length asks for, and refuses files of NumPy-style
arrays while legacy ones are in force. Its writer leaves half a file where the disk is full. MXNet 2
saves an archive instead, which MXNet 1 cannot read.
"""
import math
import struct

import numpy as np

from ..errors import UsageError
from ..files.read import read_bytes
from . import npz_file
from .npz_file import Damaged as _Damaged

MOST_BYTES = 8 << 30   # the largest network of the zoos has half a gigabyte
LIST_MAGIC = 0x112
NDARRAY_V1, NDARRAY_V2, NDARRAY_V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
DTYPES = {0: 'float32', 1: 'float64', 2: 'float16', 3: 'uint8', 4: 'int32', 5: 'int8', 6: 'int64',
          7: 'bool'}
TYPES = {name: number for number, name in DTYPES.items()}
CPU = 1   # the kind of device that an array says it comes from
MOST_DIMENSIONS = 32


def write_params(file, arrays):
    """Write a dict of name -> NumPy array into an open file, byte by byte as MXNet does.

    That is in the form of legacy arrays, which MXNet 1 and 2 read.
    """
    file.write(struct.pack('<3Q', LIST_MAGIC, 0, len(arrays)))
    for value in arrays.values():
        value = np.ascontiguousarray(value)
        file.write(struct.pack(f'<IiI{value.ndim}q3i', NDARRAY_V2, 0, value.ndim, *value.shape,
                               CPU, 0, TYPES[value.dtype.name]))
        file.write(memoryview(value).cast('B'))
    file.write(struct.pack('<Q', len(arrays)))
    for name in arrays:
        content = name.encode('utf-8')
        file.write(struct.pack('<Q', len(content)) + content)


def read_params(path):
    """Return a dict of parameter name -> NumPy array as saved in `path`, names as they are there.

    Raises `UsageError` if the file cannot be read, is damaged or is no .params file.
    """
    content = read_bytes(path, MOST_BYTES)
    try:
        if content.startswith(npz_file.MAGIC):
            return npz_file.read_arrays(content)
        return _Reader(memoryview(content)).named_arrays()
    except _Damaged as error:
        raise UsageError(f'{path} is damaged or no .params file: {error}; fetch or save it '
                         f'again') from None


class _Reader:
    """Walks over the bytes and never past their end."""

    def __init__(self, content):
        self.content, self.at = content, 0

    def take(self, size):
        if size > len(self.content) - self.at:
            raise _Damaged(f'it ends at byte {len(self.content)} in the middle of an entry')
        self.at += size
        return self.content[self.at - size:self.at]

    def numbers(self, form):
        return struct.unpack('<' + form, self.take(struct.calcsize('<' + form)))

    def named_arrays(self):
        if len(self.content) == 0:
            raise _Damaged('it is empty')
        if self.numbers('QQ')[0] != LIST_MAGIC:
            raise _Damaged('it does not begin as MXNet saves arrays')
        arrays = [self.array() for _ in range(self.count())]
        names = [self.name() for _ in range(self.count())]
        if len(names) != len(arrays) or len(set(names)) != len(names):
            raise _Damaged(f'it has {len(arrays)} arrays and {len(set(names))} names')
        return dict(zip(names, arrays))

    def count(self):
        count, = self.numbers('Q')
        if count > len(self.content):
            raise _Damaged(f'it claims {count} entries')
        return count

    def array(self):
        magic, = self.numbers('I')
        if magic in (NDARRAY_V2, NDARRAY_V3) and self.numbers('i') != (0,):
            raise _Damaged('it has sparse arrays')
        shape = self.shape(magic)
        device_and_type = self.numbers('iii')
        if device_and_type[2] not in DTYPES:
            raise _Damaged(f'type {device_and_type[2]} of an array is not known')
        dtype = np.dtype(DTYPES[device_and_type[2]])
        return np.frombuffer(self.take(math.prod(shape) * dtype.itemsize), dtype).reshape(shape)

    def shape(self, magic):
        new = magic in (NDARRAY_V1, NDARRAY_V2, NDARRAY_V3)
        ndim = self.numbers('I')[0] if new else magic  # the oldest files begin with the dimensions
        if not (magic != NDARRAY_V3) <= ndim <= MOST_DIMENSIONS:
            raise _Damaged(f'an array has {ndim} dimensions')
        shape = self.numbers(f'{ndim}{"q" if new else "I"}')
        if min(shape, default=1) < 1:
            raise _Damaged(f'an array has the shape {shape}')
        return shape

    def name(self):
        try:
            return bytes(self.take(self.numbers('Q')[0])).decode('utf-8')
        except UnicodeDecodeError:
            raise _Damaged('a name in it is not text') from None
