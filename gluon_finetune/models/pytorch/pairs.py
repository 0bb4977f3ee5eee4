"""Pairs of equivalent Gluon and PyTorch networks, layer by layer."""
from __future__ import annotations

import os
import re
from typing import Iterator, NamedTuple, Sequence

from ...errors import UsageError
from ...types import StrPath


class Pair(NamedTuple):
    """A Gluon network and its PyTorch counterpart, which computes the same."""

    gluon: str               # name of the Gluon network
    torch: str               # name of the counterpart
    library: str             # of the counterpart: 'torchvision', or 'own' (resnet_v2.py)
    layers: tuple[str, ...]  # of the counterpart, with weights, in the order of Gluon's
    sizes: range | None      # sides in pixels of square images with equal outputs; None: any


_FIRST_BLOCK = ("Gluon's mobilenetv2 has a convolution and a BatchNorm in its first block that "
                "PyTorch's mobilenet_v2 lacks, and no bias in its output layer")
_INPUT_BN = ("timm's resnetv2 has no BatchNorm on its input and none between its first convolution "
             "and the pooling, Gluon's resnet*_v2 has both")
_STRIDES = ("Gluon's resnet{0}_v1 halves the image in the first 1x1 convolution of a block and "
            "has biases there, PyTorch's resnet{0} halves it in the 3x3 one and has none: its "
            'counterpart is resnet{0}_v1b')

# Why other networks of Gluon and PyTorch have no counterpart.
REFUSED = {
    **{name: _FIRST_BLOCK for name in ('mobilenet_v2', 'mobilenetv2_100', 'mobilenetv2_1.0')},
    **{f'resnetv2_{depth}': _INPUT_BN for depth in (18, 34, 50, 101)},
    **{f'resnet{depth}_v1': _STRIDES.format(depth) for depth in (50, 101, 152)},
}


def find_pair(network: str | None) -> Pair:
    """Return the `Pair` of a network, by its name in Gluon or PyTorch.

    A PyTorch network with two counterparts is paired with the one in Gluon's own zoo. Raises
    `UsageError` with the reason if the network has no counterpart.
    """
    if network in PAIRS:
        return PAIRS[network]
    for pair in PAIRS.values():
        if network == pair.torch:
            return pair
    if network is None:
        raise UsageError(f'the net has no network name: pass network=, one of {", ".join(PAIRS)}')
    if network in REFUSED:
        raise UsageError(f'the weights of {network} cannot be converted: {REFUSED[network]}')
    raise UsageError(f'{network!r} has no known counterpart: expected one of {", ".join(PAIRS)}')


def network_of_torch_file(path: StrPath) -> str | None:
    """Return the network that a file name starts with, or None.

    'resnet18-f37072fd.pth' is of 'resnet18'.
    """
    base = os.path.basename(path)
    names = {*PAIRS, *REFUSED, *(pair.torch for pair in PAIRS.values())}
    return max((name for name in names if re.match(re.escape(name) + r'(?![a-zA-Z0-9])', base)),
               key=len, default=None)


def _resnet(blocks: Sequence[int], convs: int) -> Iterator[str]:
    yield from ('conv1', 'bn1')
    for stage, count in enumerate(blocks, 1):
        for block in (f'layer{stage}.{i}' for i in range(count)):
            for i in range(1, convs + 1):
                yield from (f'{block}.conv{i}', f'{block}.bn{i}')
            if block.endswith('.0') and (stage > 1 or convs == 3):
                yield from (f'{block}.downsample.0', f'{block}.downsample.1')
    yield 'fc'


def _resnet_v2(blocks: Sequence[int], convs: int) -> Iterator[str]:
    yield from ('data_bn', 'conv1', 'bn1')
    for stage, count in enumerate(blocks, 1):
        for block in (f'layer{stage}.{i}' for i in range(count)):
            for i in range(1, convs + 1):
                yield from (f'{block}.bn{i}', f'{block}.conv{i}')
            if block.endswith('.0') and (stage > 1 or convs == 3):
                yield f'{block}.downsample'
    yield from ('bn2', 'fc')


def _vgg(blocks: Sequence[int], batch_norm: bool) -> Iterator[str]:
    position = 0
    for count in blocks:
        for _ in range(count):
            yield f'features.{position}'
            if batch_norm:
                yield f'features.{position + 1}'
            position += 3 if batch_norm else 2
        position += 1  # the pooling layer
    yield from ('classifier.0', 'classifier.3', 'classifier.6')


def _alexnet() -> Iterator[str]:
    yield from (f'features.{i}' for i in (0, 3, 6, 8, 10))
    yield from (f'classifier.{i}' for i in (1, 4, 6))


def _squeezenet(fires: Sequence[int]) -> Iterator[str]:
    yield 'features.0'
    for i in fires:
        yield from (f'features.{i}.{part}' for part in ('squeeze', 'expand1x1', 'expand3x3'))
    yield 'classifier.1'


def _densenet(blocks: Sequence[int]) -> Iterator[str]:
    yield from ('features.conv0', 'features.norm0')
    for b, count in enumerate(blocks, 1):
        for i in range(1, count + 1):
            layer = f'features.denseblock{b}.denselayer{i}'
            yield from (f'{layer}.{part}' for part in ('norm1', 'conv1', 'norm2', 'conv2'))
        if b < len(blocks):
            yield from (f'features.transition{b}.norm', f'features.transition{b}.conv')
    yield from ('features.norm5', 'classifier')


_RESNETS = {18: ([2, 2, 2, 2], 2), 34: ([3, 4, 6, 3], 2), 50: ([3, 4, 6, 3], 3),
            101: ([3, 4, 23, 3], 3), 152: ([3, 8, 36, 3], 3)}
_VGGS = {11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4]}
_DENSENETS = {121: [6, 12, 24, 16], 161: [6, 12, 36, 24], 169: [6, 12, 32, 32],
              201: [6, 12, 48, 32]}
_FIRES = {'1.0': (3, 4, 5, 7, 8, 9, 10, 12), '1.1': (3, 4, 6, 7, 9, 10, 11, 12)}


def _pairs() -> Iterator[tuple[str, str, Iterator[str], range | None]]:
    for depth, (blocks, convs) in _RESNETS.items():
        for version in ('v1', 'v1b') if convs == 2 else ('v1b',):
            yield f'resnet{depth}_{version}', f'resnet{depth}', _resnet(blocks, convs), None
        yield f'resnet{depth}_v2', f'resnet{depth}_v2', _resnet_v2(blocks, convs), None
    # Below, Gluon's last pooling has a fixed window, and PyTorch's adapts to the image.
    for depth, blocks in _VGGS.items():
        for name, batch_norm in ((f'vgg{depth}', False), (f'vgg{depth}_bn', True)):
            yield name, name, _vgg(blocks, batch_norm), range(224, 256)
    yield 'alexnet', 'alexnet', _alexnet(), range(223, 255)
    yield 'squeezenet1.0', 'squeezenet1_0', _squeezenet(_FIRES['1.0']), range(213, 229)
    yield 'squeezenet1.1', 'squeezenet1_1', _squeezenet(_FIRES['1.1']), range(209, 225)
    for depth, blocks in _DENSENETS.items():
        yield f'densenet{depth}', f'densenet{depth}', _densenet(blocks), range(221, 253)


PAIRS = {gluon: Pair(gluon, torch, 'own' if gluon.endswith('_v2') else 'torchvision',
                     tuple(layers), sizes)
         for gluon, torch, layers, sizes in _pairs()}
