import io
import random
import re
import struct
import zipfile

import numpy as np
import pytest

from gluon_finetune import UsageError
from gluon_finetune.compat.imports import MXNET_2, array, mx, structured_parameters, uses_mx_np
from gluon_finetune.models.params_file import read_params, write_params

VALUES = {'a.weight': np.arange(12, dtype='float32').reshape(3, 4),
          'b': np.ones((2, 1, 1, 5), 'float16'), 'c': np.array([7, -1], 'int64')}


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / 'some.params'
    mx.nd.save(str(path), {name: mx.nd.array(value, dtype=value.dtype)
                           for name, value in VALUES.items()})
    return path


def save_arrays(path, arrays):
    if not uses_mx_np():
        mx.nd.save(str(path), arrays)
    elif MXNET_2:
        mx.npx.savez(str(path), **arrays)
    else:
        mx.npx.save(str(path), arrays)


def test_reads_files_of_mxnet(tmp_path, numpy_mode):
    save_arrays(tmp_path / 'some.params', {name: array(value, dtype=value.dtype)
                                           for name, value in VALUES.items()})
    read = read_params(tmp_path / 'some.params')
    assert list(read) == list(VALUES)
    for name, value in VALUES.items():
        assert read[name].dtype == value.dtype and (read[name] == value).all()


def test_writes_the_same_bytes_as_mxnet(tmp_path):
    own, mxnet = tmp_path / 'own.params', tmp_path / 'mxnet.params'
    with open(own, 'wb') as file:
        write_params(file, VALUES)
    with mx.util.np_array(False), mx.util.np_shape(False):
        mx.nd.save(str(mxnet), {name: mx.nd.array(value, dtype=value.dtype)
                                 for name, value in VALUES.items()})
    assert own.read_bytes() == mxnet.read_bytes()


def test_either_mxnet_loads_written_files(tmp_path, numpy_mode):
    net, path = mx.gluon.nn.HybridSequential(), str(tmp_path / 'own.params')
    net.add(mx.gluon.nn.Dense(2, in_units=3))
    net.initialize()
    weights = {name: p.data().asnumpy() for name, p in structured_parameters(net).items()}
    with open(path, 'wb') as file:
        write_params(file, weights)
    net.initialize(mx.init.Zero(), force_reinit=True)
    net.load_parameters(path)
    for name, p in structured_parameters(net).items():
        assert (p.data().asnumpy() == weights[name]).all()


def test_reads_a_scalar(tmp_path):
    with mx.util.np_shape(True), mx.util.np_array(True):
        save_arrays(tmp_path / 'some.params', {'a': mx.np.array(3.0)})
    assert read_params(tmp_path / 'some.params')['a'] == 3


@pytest.mark.parametrize('head', [struct.pack('<III', 2, 3, 4),
                                  struct.pack('<IIqq', 0xF993FAC8, 2, 3, 4)], ids=['oldest', 'old'])
def test_reads_older_formats(tmp_path, head):
    value = VALUES['a.weight']
    content = (struct.pack('<QQQ', 0x112, 0, 1) + head + struct.pack('<iii', 1, 0, 0)
               + value.tobytes() + struct.pack('<QQ', 1, 1) + b'a')
    (tmp_path / 'old.params').write_bytes(content)
    assert (read_params(tmp_path / 'old.params')['a'] == value).all()
    with mx.util.np_array(False), mx.util.np_shape(False):
        assert (mx.nd.load(str(tmp_path / 'old.params'))['a'].asnumpy() == value).all()


@pytest.mark.parametrize('content, reason', [
    (b'', 'it is empty'),
    (b'these are not weights', 'it does not start with the magic number of MXNet'),
    (b'PK', 'it ends at byte 2 in the middle of an entry'),
    (struct.pack('<QQQ', 0x112, 0, 1 << 40), 'it declares 1099511627776 entries'),
    (struct.pack('<QQQIiIq', 0x112, 0, 1, 0xF993FAC9, 0, 1, 1 << 60) + struct.pack('<iii', 1, 0, 0),
     'it ends at byte 56 in the middle of an entry'),
    (struct.pack('<QQQIi', 0x112, 0, 1, 0xF993FAC9, 1), 'it has sparse arrays'),
    (struct.pack('<QQQIiIq', 0x112, 0, 1, 0xF993FAC9, 0, 1, -5), 'an array has the shape (-5,)'),
    (struct.pack('<QQQIiI', 0x112, 0, 1, 0xF993FAC9, 0, 0), 'an array has 0 dimensions'),
    (struct.pack('<QQQI', 0x112, 0, 1, 99), 'an array has 99 dimensions'),
    (struct.pack('<QQQIIiii', 0x112, 0, 1, 1, 1, 1, 0, 99),
     'an array has the unknown data type 99'),
    (struct.pack('<QQQQ', 0x112, 0, 0, 1) + struct.pack('<Q', 1) + b'\xff',
     'a parameter name is not UTF-8 text')])
def test_corrupt_files(tmp_path, content, reason):
    path = tmp_path / 'bad.params'
    path.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(
            f'{path} is corrupt or not a .params file: {reason}; download or save it again')):
        read_params(path)


def test_any_corruption_is_a_usage_error_or_another_number(saved, tmp_path):
    complete, chance, corrupt = saved.read_bytes(), random.Random(0), tmp_path / 'bad.params'
    for size in range(len(complete)):
        corrupt.write_bytes(complete[:size])
        with pytest.raises(UsageError):
            read_params(corrupt)
    for _ in range(500):
        flipped = bytearray(complete)
        for _ in range(chance.choice([1, 2, 8])):
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        corrupt.write_bytes(flipped)
        try:
            read_params(corrupt)  # a flipped bit in a weight cannot be seen
        except UsageError:
            pass


def test_a_missing_file(tmp_path):
    with pytest.raises(UsageError, match=f'cannot read {tmp_path}/no.params: No such'):
        read_params(tmp_path / 'no.params')


# archives of .npy files, as MXNet 2 saves

ARCHIVED = {'a.weight': np.arange(12, dtype='float32').reshape(3, 4),
            'b': np.ones((2, 1, 1, 5), 'float16'), 'c': np.asfortranarray([[1, 2], [3, 4]]),
            'd': np.array(3.5)}


def archive(members, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', **options) as written:
        for name, content in members.items():
            member = zipfile.ZipInfo(name)      # of 1980, so that two processes write the same
            member.compress_type = written.compression
            written.writestr(member, content)
    return file.getvalue()


def npy(value, **changes):
    file = io.BytesIO()
    np.lib.format.write_array(file, value)
    content = file.getvalue()
    for old, new in changes.values():
        content = content.replace(old, new)
    return content


def test_reads_archives_of_numpy(tmp_path):
    np.savez(tmp_path / 'some.npz', **ARCHIVED)
    read = read_params(tmp_path / 'some.npz')
    assert list(read) == list(ARCHIVED)
    for name, value in ARCHIVED.items():
        assert read[name].dtype == value.dtype and (read[name] == value).all()


@pytest.mark.parametrize('content, reason', [
    (b'PK\x03\x04 and no more', 'File is not a zip file'),
    (archive({'a.npy': npy(np.zeros(9))}, compression=zipfile.ZIP_DEFLATED),
     'a.npy is compressed, which MXNet never does'),
    (archive({'readme.txt': b'hello'}), 'readme.txt is not an array'),
    (archive({'a.npy': b'hello, all'}), "the magic string is not correct; expected "
                                        "b'\\x93NUMPY', got b'hello,'"),
    (archive({'a.npy': npy(np.zeros(3, 'f4'), shape=(b'(3,)', b'(9,)'))}),
     'an array of shape (9,) and type float32 has 12 bytes'),
    (archive({'a.npy': npy(np.array([None]))}),
     'Object arrays cannot be loaded when allow_pickle=False'),
    (archive({'a.npy': npy(np.zeros(3, 'f4'), shape=(b"'<f4'", b"'<O8'"))}),
     'Object arrays cannot be loaded when allow_pickle=False')],
    ids=['cut short', 'compressed', 'no array', 'no .npy file', 'too few bytes', 'objects',
         'objects by name'])
def test_corrupt_archives(tmp_path, content, reason):
    path = tmp_path / 'some.params'
    path.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(
            f'{path} is corrupt or not a .params file: the archive cannot be read ({reason}); '
            f'download or save it again')):
        read_params(path)


def test_any_corruption_of_an_archive_is_a_usage_error_or_another_number(tmp_path):
    complete = archive({f'{name}.npy': npy(value) for name, value in ARCHIVED.items()})
    path, chance = tmp_path / 'some.params', random.Random(0)
    for _ in range(500):
        content = bytearray(complete)
        for _ in range(chance.randint(1, 3)):
            content[chance.randrange(4, len(content))] = chance.randrange(256)
        path.write_bytes(content[:chance.randint(4, 2 * len(content))])
        try:
            read_params(path)
        except UsageError:
            pass
