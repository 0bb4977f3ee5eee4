"""Reads archives of NumPy arrays, as MXNet 2 saves parameters; trusts nothing in them."""
import io
import math
import zipfile

import numpy as np

MAGIC = b'PK\x03\x04'


class Damaged(Exception):
    """What is wrong with a file of arrays, as part of a sentence."""


def read_arrays(content):
    """Return a dict of name -> NumPy array from the bytes of an .npz file; raises `Damaged`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {_name(entry): _array(archive.read(entry)) for entry in archive.infolist()}
    except Damaged:
        raise
    except Exception as error:   # zipfile answers damage with whatever it runs into
        raise Damaged(f'its archive cannot be read ({error})') from None


def _name(entry):
    if entry.compress_type != zipfile.ZIP_STORED:   # a small file could fill the memory
        raise Damaged('its archive is compressed, which MXNet never does')
    if not entry.filename.endswith('.npy'):
        raise Damaged(f'its archive has {entry.filename!r}, which is no array')
    return entry.filename[:-len('.npy')]


def _array(content):
    file = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(file)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0,
                       (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, fortran, dtype = read_header(file)
    except (ValueError, KeyError, SyntaxError, TypeError) as error:
        raise Damaged(f'an array begins as none does ({error})') from None
    data = content[file.tell():]
    if dtype.hasobject or len(data) != math.prod(shape) * dtype.itemsize:
        raise Damaged(f'an array of shape {shape} and type {dtype} has {len(data)} bytes')
    return np.frombuffer(data, dtype).reshape(shape, order='F' if fortran else 'C')
