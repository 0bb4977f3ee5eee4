import io
import random
import re
import zipfile

import numpy as np
import pytest

from gluon_finetune import UsageError
from gluon_finetune.models.params_file import read_params

VALUES = {'a.weight': np.arange(12, dtype='float32').reshape(3, 4),
          'b': np.ones((2, 1, 1, 5), 'float16'), 'c': np.asfortranarray([[1, 2], [3, 4]]),
          'd': np.array(3.5)}


def archive(members, **options):
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', **options) as written:
        for name, content in members.items():
            written.writestr(name, content)
    return file.getvalue()


def npy(value, **changes):
    file = io.BytesIO()
    np.lib.format.write_array(file, value)
    content = file.getvalue()
    for old, new in changes.values():
        content = content.replace(old, new)
    return content


def test_reads_what_numpy_saves(tmp_path):
    np.savez(tmp_path / 'some.npz', **VALUES)
    read = read_params(tmp_path / 'some.npz')
    assert list(read) == list(VALUES)
    for name, value in VALUES.items():
        assert read[name].dtype == value.dtype and (read[name] == value).all()


@pytest.mark.parametrize('content, reason', [
    (b'PK\x03\x04 and no more', 'its archive cannot be read (File is not a zip file)'),
    (archive({'a.npy': npy(np.zeros(9))}, compression=zipfile.ZIP_DEFLATED),
     'its archive is compressed, which MXNet never does'),
    (archive({'readme.txt': b'hello'}), "its archive has 'readme.txt', which is no array"),
    (archive({'a.npy': b'hello, all'}), 'an array begins as none does (the magic string is not '
                                        "correct; expected b'\\x93NUMPY', got b'hello,')"),
    (archive({'a.npy': npy(np.zeros(3, 'f4'), shape=(b'(3,)', b'(9,)'))}),
     'an array of shape (9,) and type float32 has 12 bytes'),
    (archive({'a.npy': npy(np.array([None]))}),
     'an array of shape (1,) and type object has ')])
def test_what_is_no_archive_of_arrays(tmp_path, content, reason):
    path = tmp_path / 'some.params'
    path.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(
            f'{path} is damaged or no .params file: {reason}')):
        read_params(path)


def test_any_damage_is_an_error_or_another_number(tmp_path):
    whole = archive({f'{name}.npy': npy(value) for name, value in VALUES.items()})
    path, chance = tmp_path / 'some.params', random.Random(0)
    for _ in range(500):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            content[chance.randrange(4, len(content))] = chance.randrange(256)
        path.write_bytes(content[:chance.randint(4, 2 * len(content))])
        try:
            read_params(path)
        except UsageError:
            pass
