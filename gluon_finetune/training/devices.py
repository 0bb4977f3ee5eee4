"""Which devices there are and how a batch is shared among them; knows nothing about networks."""
from ..compat.cpu import has_bfloat16
from ..compat.gluon import device as make_device
from ..compat.imports import mx
from ..errors import UsageError


def try_gpu(i=0):
    """The `i`-th GPU, or the CPU when there are not that many."""
    return mx.gpu(i) if mx.context.num_gpus() > i else mx.cpu()


def try_all_gpus():
    """Every GPU as a list of devices, or `[cpu(0)]` when there is none."""
    return [mx.gpu(i) for i in range(mx.context.num_gpus())] or [mx.cpu()]


def parse_devices(text):
    """Devices from the command line's words: `auto`, `cpu`, `gpu`, `cpu:0,cpu:1`, `gpu:0,gpu:2`.

    Raises `UsageError` for a word that names no device and for a GPU that is not there.
    """
    if text == 'auto':
        return try_all_gpus()
    devices = [_parse_device(word.strip()) for word in text.split(',')]
    if len(set(devices)) < len(devices):
        raise UsageError(f'devices {text!r}: each device may be named once')
    return devices


def _parse_device(word):
    kind, _, index = word.partition(':')
    if kind not in ('cpu', 'gpu') or not (index or '0').isdigit():
        raise UsageError(f'device {word!r}: expected auto, cpu, gpu, cpu:N or gpu:N, '
                         f'several with commas, such as gpu:0,gpu:1')
    device = make_device(kind, int(index or 0))
    if kind == 'gpu' and device.device_id >= mx.context.num_gpus():
        raise UsageError(f'device {word!r}: MXNet sees {mx.context.num_gpus()} GPUs here; '
                         f'use --devices cpu, or install an MXNet built for CUDA')
    return device


def check_dtype(dtype, devices):
    """Raises `UsageError` where `devices` cannot compute in `dtype`."""
    kinds = {device.device_type for device in devices}
    if dtype == 'float16' and 'cpu' in kinds:
        raise UsageError('dtype is float16, which MXNet computes in on GPUs alone: on a CPU use '
                         'float32, or bfloat16 where it has AVX-512')
    if dtype == 'bfloat16' and 'gpu' in kinds:
        raise UsageError('dtype is bfloat16, which MXNet computes in on CPUs alone: on a GPU use '
                         'float32 or float16')
    if dtype == 'bfloat16' and not has_bfloat16():
        raise UsageError('dtype is bfloat16, which takes a CPU with AVX-512, better still with '
                         'avx512_bf16; this one has neither: use float32')


def split_batch(X, y, devices):
    """`X` and `y` cut along the batch axis: two lists, one part a device, none empty.

    Parts differ by one example at most. A batch smaller than the number of devices is shared among
    the first of them; `rest` is for the others.
    """
    if len(X) != len(y):
        raise UsageError(f'{len(X)} examples with {len(y)} labels: each example needs one label')
    used = devices[:len(X)]
    return tuple(mx.gluon.utils.split_and_load(part, used, even_split=False) for part in (X, y))


def rest(params, devices):
    """Gives the devices that got no examples fresh gradients of zero.

    The trainer sums every device's gradient: without this it would add those of the batch before.
    """
    for device in devices:
        with mx.autograd.record():
            zero = sum((p.data(device) * 0).sum() for p in params if p.grad_req != 'null')
        zero.backward()
