"""Weight files that try to run code or declare impossible sizes."""
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import pytest
from child import run_child

from gluon_finetune.errors import UsageError
from gluon_finetune.models.params_file import read_params
from gluon_finetune.models.pytorch.files import load_torch_file

pytestmark = pytest.mark.faults


@pytest.fixture
def torch():
    return pytest.importorskip('torch', reason='reads PyTorch files, and it is not installed')


@pytest.fixture(autouse=True)
def at_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# code

class Payload:
    """Makes the folder `executed` when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ('executed',)


class Chain:
    """The same through functions that a careless reader considers harmless."""

    def __reduce__(self):
        return eval, ("__import__('os').mkdir('executed')",)


def as_zip(torch, payload):
    torch.save({'weight': torch.ones(2), 'extra': payload}, 'a.pth')


def as_stream(torch, payload):
    torch.save({'weight': torch.ones(2), 'extra': payload}, 'a.pth',
               _use_new_zipfile_serialization=False)


def as_bare_pickle(torch, payload):
    with open('a.pth', 'wb') as file:
        pickle.dump({'weight': payload}, file)


def as_tar(torch, payload):
    """The format before 2017: `sys_info`, `storages`, `tensors` and `pickle`, all pickles."""
    with tarfile.open('a.pth', 'w') as file:
        for name in ('sys_info', 'storages', 'tensors', 'pickle'):
            content = pickle.dumps(payload)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))


def as_torchscript(torch, payload):
    """A compiled module, whose data.pkl is another."""
    script = torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2))
    script.save('good.pth')
    rewrite('good.pth', 'a.pth', lambda name, content: pickle.dumps(payload, 2)
            if name.endswith('data.pkl') else content)


def as_torchscript_constants(torch, payload):
    torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2)).save('good.pth')
    rewrite('good.pth', 'a.pth', lambda name, content: pickle.dumps(payload, 2)
            if name.endswith('constants.pkl') else content)


def rewrite(path, copy, change, kind=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, 'w', kind) as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))


FORMS = [as_zip, as_stream, as_bare_pickle, as_tar, as_torchscript, as_torchscript_constants]


@pytest.mark.filterwarnings('ignore::DeprecationWarning', 'ignore::FutureWarning')
@pytest.mark.parametrize('name', ['a.pth', 'a.pt', 'a.safetensors', 'a.params'])
@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('payload', [Payload, Chain])
def test_no_code_is_run(torch, form, payload, name):
    form(torch, payload())
    os.rename('a.pth', name)
    with pytest.raises(UsageError) as caught:
        (read_params if name == 'a.params' else load_torch_file)(name)
    said = str(caught.value)
    if name in ('a.pth', 'a.pt') and form in (as_zip, as_stream):
        assert said == (
            f'{name} contains more than tensors, such as a pickled model, and loading it could '
            'run code: save only the weights with torch.save(net.state_dict(), path), and use '
            'that file')
    assert not os.path.exists('executed')


def test_the_payload_runs_when_unpickled(torch):
    as_zip(torch, Payload())
    torch.load('a.pth', weights_only=False)
    assert os.path.isdir('executed')


# sizes

READ = '''
import warnings
warnings.simplefilter('ignore')
from gluon_finetune.models.params_file import read_params
from gluon_finetune.models.pytorch.files import load_torch_file
try:
    said = (read_params if arguments[0].endswith('.params') else load_torch_file)(arguments[0])
except Exception as error:
    said = f'{type(error).__name__} {error}'
'''


def read_in_little_memory(name, content=None):
    """The message of reading a file, which must take little memory."""
    if content is not None:
        with open(name, 'wb') as file:
            file.write(content)
    said, taken = run_child(READ, os.path.abspath(name), memory=512 << 20)
    assert taken < 40 << 20, f'{taken} bytes, and {said}'
    return said.replace(os.getcwd() + '/', '')


def params(*shape, dtype=0, data=b'', names=1):
    return (struct.pack('<QQQ', 0x112, 0, 1) + struct.pack('<IiI', 0xF993FAC9, 0, len(shape))
            + struct.pack(f'<{len(shape)}q', *shape) + struct.pack('<iii', 1, 0, dtype) + data
            + struct.pack('<QQ', names, 1) + b'a')


@pytest.mark.parametrize('content', [
    params(1 << 40), params(1 << 32, 1 << 32), params(*[1 << 62] * 32),
    params(1 << 31, 1 << 31, 1, 4), params(2, data=bytes(8), names=1 << 60),
    struct.pack('<QQQ', 0x112, 0, (1 << 64) - 1),
    struct.pack('<QQQQ', 0x112, 0, 0, 1) + struct.pack('<Q', (1 << 64) - 1)])
def test_params_with_impossible_sizes(content):
    assert read_in_little_memory('a.params', content).startswith(
        'UsageError a.params is corrupt or not a .params file: it ')


def archive(shape, dtype='<f4'):
    """An .npz file whose array declares this shape."""
    file, header = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {'descr': dtype, 'fortran_order': False,
                                                  'shape': shape})
    with zipfile.ZipFile(file, 'w') as written:
        written.writestr('a.npy', header.getvalue() + bytes(8))
    return file.getvalue()


@pytest.mark.parametrize('shape', [(1 << 28,), (1 << 40,), (1 << 62, 1 << 62), (-2,), (1 << 64,)])
def test_archives_with_impossible_sizes(shape):
    assert read_in_little_memory('a.params', archive(shape)) == (
        f'UsageError a.params is corrupt or not a .params file: the archive cannot be read (an '
        f'array of shape {shape} and type float32 has 8 bytes); download or save it again')


def safetensors(header, data=b'', size=None):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack('<Q', len(header) if size is None else size) + header + data


def entry(shape, begin, end, dtype='F32'):
    return {'dtype': dtype, 'shape': shape, 'data_offsets': [begin, end]}


@pytest.mark.parametrize('content', [
    safetensors(b'{}', size=1 << 62), safetensors(b'{}', size=(1 << 64) - 1),
    safetensors(b'{}', size=3), safetensors({'a': entry([1 << 40], 0, 1 << 42)}, bytes(8)),
    safetensors({'a': entry([1 << 62, 16], 0, 8)}, bytes(8)),
    safetensors({'a': entry([1], 4, 8)}, bytes(8)), safetensors({'a': entry([1], 8, 4)}, bytes(8)),
    safetensors({'a': entry([3], 0, 8)}, bytes(8)), safetensors({'a': entry([2], 0, 8)}, bytes(9)),
    safetensors({'a': entry([-2], 0, 8)}, bytes(8)), safetensors({'a': entry([2], 0, 8, 'F99')}),
    safetensors({'a': entry([2], 0, 8), 'b': entry([2], 0, 8)}, bytes(8)),
    safetensors({'a': entry([1e999], 0, 8)}, bytes(8)), safetensors(b'[' * 100_000),
    safetensors(b'{"a":' * 100_000), safetensors({'a': entry([1], 0, 8, 'C64')}, bytes(8))])
def test_safetensors_with_impossible_sizes(content):
    assert read_in_little_memory('a.safetensors', content) == (
        'UsageError a.safetensors is corrupt or not a .safetensors file: download or save it '
        'again')


@pytest.mark.parametrize('name', ['a.params', 'a.safetensors', 'a.pth'])
def test_a_file_of_a_terabyte(torch, name):
    with open(name, 'wb') as file:
        file.truncate(1 << 40)   # takes no space
    assert read_in_little_memory(name) == (
        f'UsageError {name} has 1099511627776 bytes; the maximum is 8589934592')


CORRUPT = 'UsageError a.pth is corrupt or not a PyTorch file: download or save it again'
LARGER = ('UsageError a.pth contains tensors larger than the file: save only the weights with '
          'torch.save(net.state_dict(), path), and use that file')


def number(value):
    return b'\x8a\x08' + struct.pack('<q', value)


@pytest.mark.parametrize('zipped', [True, False])
@pytest.mark.parametrize('dtype', ['float32', 'float16'])
@pytest.mark.parametrize('old, new, said', [
    (b'K\x00M\xd2\x04\x85', b'K\x00' + number(1 << 40) + b'\x85', CORRUPT),    # its shape
    (b'K\x00M\xd2\x04\x85', b'K\x00' + number(1 << 62) + b'\x85', CORRUPT),
    (b'M\xd2\x04\x85q\x08K\x01', number(1 << 40) + b'\x85q\x08K\x00', LARGER),   # in steps of 0
    (b'cpuq\x06M\xd2\x04', b'cpuq\x06' + number(1 << 40), CORRUPT)])             # of its storage
def test_tensors_with_impossible_sizes(torch, zipped, dtype, old, new, said):
    torch.save({'a': torch.ones(1234, dtype=getattr(torch, dtype))}, 'good.pth',
               _use_new_zipfile_serialization=zipped)
    rewrite_pickle('good.pth', 'a.pth', old, new, zipped)
    assert read_in_little_memory('a.pth') == said


def open_bytes(name):
    with open(name, 'rb') as file:
        return file.read()


def rewrite_pickle(path, copy, old, new, zipped):
    if zipped:
        rewrite(path, copy, lambda name, content: content.replace(old, new)
                if name.endswith('data.pkl') else content)
    else:
        with open(copy, 'wb') as file:
            file.write(open_bytes(path).replace(old, new))
    assert open_bytes(copy) != open_bytes(path)


def test_a_zip_bomb(torch):
    torch.save({'a': torch.ones(4)}, 'good.pth')
    rewrite('good.pth', 'a.pth', lambda name, content: bytes(1 << 28) if name.endswith('data/0')
            else content, zipfile.ZIP_DEFLATED)
    assert os.path.getsize('a.pth') < 1 << 20
    assert read_in_little_memory('a.pth') == CORRUPT


def test_a_tar_with_a_huge_header(torch):
    info = tarfile.TarInfo('a')
    info.type, info.size = tarfile.XHDTYPE, 1 << 40
    message = read_in_little_memory('a.pth', info.tobuf())
    assert message.startswith('UsageError a.pth uses the tar format')


def test_tied_weights_are_allowed(torch):
    weight = torch.ones(100_000)
    torch.save({'a': weight, 'b': weight}, 'a.pth')
    assert sorted(load_torch_file('a.pth')) == ['a', 'b']
