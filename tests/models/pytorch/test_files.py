import os
import struct

import numpy as np
import pytest
from messages import message

from gluon_finetune.models.pytorch.files import load_torch_file


def wrap(state_dict, prefix):
    return {prefix + name: tensor for name, tensor in state_dict.items()}


@pytest.mark.parametrize('wrapped', [
    lambda weights: {'epoch': 3, 'state_dict': weights, 'optimizer': {'state': {}}},
    lambda weights: {'model': weights},
    lambda weights: wrap(weights, 'module.'),
    lambda weights: {'model': wrap(weights, 'module._orig_mod.')},
    lambda weights: wrap(weights, '_orig_mod.module.')])
def test_wrappers_are_removed(torch, wrapped, tmp_path):
    plain = {'conv1.weight': torch.randn(2, 3), 'bn1.num_batches_tracked': torch.tensor(7)}
    torch.save(wrapped(plain), tmp_path / 'a.pth')
    found = load_torch_file(tmp_path / 'a.pth')
    assert list(found) == list(plain)
    assert all((found[name] == plain[name].numpy()).all() for name in plain)


@pytest.mark.parametrize('dtype', ['float16', 'bfloat16', 'float32', 'float64'])
def test_safetensors(torch, dtype, tmp_path):
    safetensors = pytest.importorskip('safetensors.torch')
    tensor = torch.randn(3, 4).to(getattr(torch, dtype))
    safetensors.save_file({'a': tensor}, tmp_path / 'a.safetensors', metadata={'format': 'pt'})
    found = load_torch_file(tmp_path / 'a.safetensors')['a']
    assert found.dtype == (np.float64 if dtype == 'float64' else np.float32)
    np.testing.assert_array_equal(found, tensor.double().numpy())


class RunsWhenRead:
    def __reduce__(self):
        return os.mkdir, ('executed',)


def test_no_code_in_a_file_is_run(torch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({'a': RunsWhenRead()}, 'a.pth')
    assert message(load_torch_file, 'a.pth') == (
        'a.pth contains more than tensors, such as a pickled model, and loading it could run code: '
        'save only the weights with torch.save(net.state_dict(), path), and use that file')
    assert not os.path.exists('executed')


def test_pickled_model(torch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(torch.nn.Linear(2, 2), 'a.pth')
    assert message(load_torch_file, 'a.pth').startswith('a.pth contains more than tensors, such ')


def test_no_state_dict(torch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save([torch.zeros(2)], 'a.pth')
    assert message(load_torch_file, 'a.pth') == (
        'a.pth contains no state dict (a dict of tensors): save only the weights with '
        'torch.save(net.state_dict(), path), and use that file')


@pytest.mark.parametrize('corrupt', [
    lambda content: content[:len(content) // 2],
    lambda content: content.replace(b'\x00\x00\x80?' * 9, b'\x00\x00\x80@' * 9),
    lambda content: b'<html>not found</html>',
    lambda content: b''])
def test_corrupt_file(torch, corrupt, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({'a': torch.ones(1000)}, 'a.pth')
    content = (tmp_path / 'a.pth').read_bytes()
    (tmp_path / 'a.pth').write_bytes(corrupt(content))
    assert message(load_torch_file, 'a.pth') == (
        'a.pth is corrupt or not a PyTorch file: download or save it again')


@pytest.mark.parametrize('content', [
    b'', b'<html>not found</html>', struct.pack('<Q', 10**15) + b'{"a',
    struct.pack('<Q', 2) + b'[]'])
def test_corrupt_safetensors(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'a.safetensors').write_bytes(content)
    assert message(load_torch_file, 'a.safetensors') == (
        'a.safetensors is corrupt or not a .safetensors file: download or save it again')


def test_missing_file():
    assert message(load_torch_file, 'nowhere.pth') == 'no such file: nowhere.pth'
