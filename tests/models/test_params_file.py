import random
import re
import struct

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


def test_reads_what_mxnet_saves(tmp_path, numpy_mode):
    save_arrays(tmp_path / 'some.params', {name: array(value, dtype=value.dtype)
                                           for name, value in VALUES.items()})
    read = read_params(tmp_path / 'some.params')
    assert list(read) == list(VALUES)
    for name, value in VALUES.items():
        assert read[name].dtype == value.dtype and (read[name] == value).all()


def test_writes_what_mxnet_writes_byte_by_byte(tmp_path):
    ours, theirs = tmp_path / 'ours.params', tmp_path / 'theirs.params'
    with open(ours, 'wb') as file:
        write_params(file, VALUES)
    with mx.util.np_array(False), mx.util.np_shape(False):
        mx.nd.save(str(theirs), {name: mx.nd.array(value, dtype=value.dtype)
                                 for name, value in VALUES.items()})
    assert ours.read_bytes() == theirs.read_bytes()


def test_either_mxnet_loads_what_is_written(tmp_path, numpy_mode):
    net, path = mx.gluon.nn.HybridSequential(), str(tmp_path / 'ours.params')
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
def test_reads_the_older_forms(tmp_path, head):
    value = VALUES['a.weight']
    content = (struct.pack('<QQQ', 0x112, 0, 1) + head + struct.pack('<iii', 1, 0, 0)
               + value.tobytes() + struct.pack('<QQ', 1, 1) + b'a')
    (tmp_path / 'old.params').write_bytes(content)
    assert (read_params(tmp_path / 'old.params')['a'] == value).all()
    with mx.util.np_array(False), mx.util.np_shape(False):
        assert (mx.nd.load(str(tmp_path / 'old.params'))['a'].asnumpy() == value).all()


@pytest.mark.parametrize('content, reason', [
    (b'', 'it is empty'),
    (b'these are not weights', 'it does not begin as MXNet saves arrays'),
    (b'PK', 'it ends at byte 2 in the middle of an entry'),
    (struct.pack('<QQQ', 0x112, 0, 1 << 40), 'it claims 1099511627776 entries'),
    (struct.pack('<QQQIiIq', 0x112, 0, 1, 0xF993FAC9, 0, 1, 1 << 60) + struct.pack('<iii', 1, 0, 0),
     'it ends at byte 56 in the middle of an entry'),
    (struct.pack('<QQQIi', 0x112, 0, 1, 0xF993FAC9, 1), 'it has sparse arrays'),
    (struct.pack('<QQQIiIq', 0x112, 0, 1, 0xF993FAC9, 0, 1, -5), 'an array has the shape (-5,)'),
    (struct.pack('<QQQIiI', 0x112, 0, 1, 0xF993FAC9, 0, 0), 'an array has 0 dimensions'),
    (struct.pack('<QQQI', 0x112, 0, 1, 99), 'an array has 99 dimensions'),
    (struct.pack('<QQQIIiii', 0x112, 0, 1, 1, 1, 1, 0, 99), 'type 99 of an array is not known'),
    (struct.pack('<QQQQ', 0x112, 0, 0, 1) + struct.pack('<Q', 1) + b'\xff',
     'a name in it is not text')])
def test_says_how_a_file_is_damaged(tmp_path, content, reason):
    path = tmp_path / 'bad.params'
    path.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(
            f'{path} is damaged or no .params file: {reason}; fetch or save it again')):
        read_params(path)


def test_no_damage_gets_through_as_anything_but_a_usage_error(saved, tmp_path):
    whole, drawing, broken = saved.read_bytes(), random.Random(0), tmp_path / 'broken.params'
    for size in range(len(whole)):
        broken.write_bytes(whole[:size])
        with pytest.raises(UsageError):
            read_params(broken)
    for _ in range(500):
        flipped = bytearray(whole)
        for _ in range(drawing.choice([1, 2, 8])):
            flipped[drawing.randrange(len(flipped))] ^= 1 << drawing.randrange(8)
        broken.write_bytes(flipped)
        try:
            read_params(broken)  # a flipped bit in a weight cannot be seen
        except UsageError:
            pass


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=f'cannot read {tmp_path}/no.params: No such'):
        read_params(tmp_path / 'no.params')
