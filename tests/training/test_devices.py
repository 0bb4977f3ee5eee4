from types import SimpleNamespace

import numpy as np
import pytest

from gluon_finetune.compat.gluon import device_of
from gluon_finetune.compat.imports import array, mx
from gluon_finetune.errors import UsageError
from gluon_finetune.training.devices import (
    check_dtype,
    parse_devices,
    split_batch,
    try_all_gpus,
    try_gpu,
    zero_idle_gradients,
)

TWO = [mx.cpu(0), mx.cpu(1)]


def test_there_is_always_a_device():
    assert try_all_gpus() == [mx.gpu(i) for i in range(mx.context.num_gpus())] or [mx.cpu()]
    assert try_gpu(999) == mx.cpu()


@pytest.mark.parametrize('size, parts', [(4, [2, 2]), (5, [3, 2]), (1, [1])])
def test_no_part_of_a_batch_is_empty(numpy_mode, size, parts):
    X, y = array(np.arange(size * 2).reshape(size, 2)), array(np.arange(size))
    X_parts, y_parts = split_batch(X, y, TWO)
    assert [len(part) for part in X_parts] == parts
    assert [device_of(part) for part in y_parts] == TWO[:len(parts)]
    assert np.concatenate([part.asnumpy() for part in y_parts]).tolist() == list(range(size))


def test_labels_must_match_the_examples():
    with pytest.raises(UsageError) as error:
        split_batch(mx.nd.zeros((3, 2)), mx.nd.zeros(2), TWO)
    assert str(error.value) == '3 examples with 2 labels: each example needs one label'


def test_an_idle_device_adds_nothing_to_the_gradient(numpy_mode):
    net = mx.gluon.nn.Dense(1, in_units=2)
    net.initialize(ctx=TWO)
    params = list(net.collect_params().values())
    for device in TWO:
        with mx.autograd.record():
            y = net(array([[1, 2]], ctx=device, dtype='float32'))
        y.backward()
    zero_idle_gradients(params, TWO[1:])
    assert params[0].grad(TWO[0]).asnumpy().tolist() == [[1, 2]]
    assert params[0].grad(TWO[1]).asnumpy().tolist() == [[0, 0]]


@pytest.mark.parametrize('text, devices', [
    ('cpu', [mx.cpu(0)]), ('cpu:0,cpu:1', TWO), ('auto', try_all_gpus())])
def test_devices_are_parsed_as_on_the_command_line(text, devices):
    assert parse_devices(text) == devices


@pytest.mark.parametrize('text, message', [
    ('tpu', "device 'tpu': expected auto, cpu, gpu, cpu:N or gpu:N, several with commas, such as "
            'gpu:0,gpu:1'),
    ('cpu:x', "device 'cpu:x': expected auto, cpu, gpu, cpu:N or gpu:N, several with commas, such "
              'as gpu:0,gpu:1'),
    ('cpu,cpu:0', "devices 'cpu,cpu:0': each device may be named once"),
    ('gpu:99', f"device 'gpu:99': MXNet finds {mx.context.num_gpus()} GPUs; use --devices cpu, or "
               'install an MXNet built for CUDA')])
def test_a_device_that_does_not_exist_is_refused(text, message):
    with pytest.raises(UsageError) as error:
        parse_devices(text)
    assert str(error.value) == message


@pytest.mark.parametrize('dtype, kinds, bfloat16, message', [
    ('float16', ['gpu', 'cpu'], True,
     'dtype float16 needs a GPU: on a CPU use float32, or bfloat16 where the CPU has AVX-512'),
    ('bfloat16', ['gpu'], True, 'dtype bfloat16 needs a CPU: on a GPU use float32 or float16'),
    ('bfloat16', ['cpu'], False,
     'dtype bfloat16 needs a CPU with AVX-512, which this one lacks: use float32')])
def test_a_precision_that_a_device_lacks_is_refused(monkeypatch, dtype, kinds, bfloat16, message):
    monkeypatch.setattr('gluon_finetune.training.devices.has_bfloat16', lambda: bfloat16)
    with pytest.raises(UsageError) as error:
        check_dtype(dtype, [SimpleNamespace(device_type=kind) for kind in kinds])
    assert str(error.value) == message


@pytest.mark.parametrize('dtype, kind', [('float32', 'cpu'), ('float32', 'gpu'),
                                         ('float16', 'gpu'), ('bfloat16', 'cpu')])
def test_a_precision_that_a_device_has_is_accepted(monkeypatch, dtype, kind):
    monkeypatch.setattr('gluon_finetune.training.devices.has_bfloat16', lambda: True)
    check_dtype(dtype, [SimpleNamespace(device_type=kind)])
