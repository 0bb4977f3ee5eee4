"""The ImageNet classifiers of both model zoos, by name."""
from __future__ import annotations

import difflib
import os
import re
from functools import partial

from ..compat.array_api import in_active_api
from ..compat.imports import gluoncv, mx
from ..errors import UsageError
from ..types import Net, StrPath
from .zoo_store import stored_file

# The classifiers of mxnet.gluon.model_zoo.vision ...
GLUON = '''
    alexnet densenet121 densenet161 densenet169 densenet201 inceptionv3
    mobilenet0.25 mobilenet0.5 mobilenet0.75 mobilenet1.0
    mobilenetv2_0.25 mobilenetv2_0.5 mobilenetv2_0.75 mobilenetv2_1.0
    resnet18_v1 resnet34_v1 resnet50_v1 resnet101_v1 resnet152_v1
    resnet18_v2 resnet34_v2 resnet50_v2 resnet101_v2 resnet152_v2
    squeezenet1.0 squeezenet1.1 vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn
'''.split()

# ... and those that GluonCV adds. Excluded networks, with reasons: docs/networks.md.
GLUONCV = '''
    darknet53 dla34 googlenet hrnet_w18_c hrnet_w18_small_v1_c hrnet_w18_small_v2_c
    hrnet_w30_c hrnet_w32_c hrnet_w40_c hrnet_w44_c hrnet_w48_c hrnet_w64_c
    mobilenetv3_large mobilenetv3_small nasnet_4_1056 nasnet_5_1538 nasnet_6_4032 nasnet_7_1920
    residualattentionnet56 residualattentionnet92 residualattentionnet128 residualattentionnet164
    residualattentionnet200 residualattentionnet236 residualattentionnet452
    resnest14 resnest26 resnest50 resnest101 resnest200 resnest269
    resnet18_v1b resnet34_v1b resnet50_v1b resnet101_v1b resnet152_v1b
    resnet50_v1c resnet101_v1c resnet152_v1c resnet50_v1d resnet101_v1d resnet152_v1d
    resnet50_v1e resnet101_v1e resnet152_v1e resnet50_v1s resnet101_v1s resnet152_v1s
    resnet18_v1b_0.89 resnet50_v1d_0.86 resnet50_v1d_0.48 resnet50_v1d_0.37
    resnet50_v1d_0.11 resnet101_v1d_0.76 resnet101_v1d_0.73
    resnext50_32x4d resnext101_32x4d resnext101_64x4d resnext101e_64x4d
    se_resnet18_v1 se_resnet34_v1 se_resnet50_v1 se_resnet101_v1 se_resnet152_v1
    se_resnet18_v2 se_resnet34_v2 se_resnet50_v2 se_resnet101_v2 se_resnet152_v2
    se_resnext50_32x4d se_resnext101_32x4d se_resnext101_64x4d se_resnext101e_64x4d
    senet_154 senet_154e shufflenet_v1 shufflenet_v2 xception xception71
'''.split()

# Their names in GluonCV's store, if different.
STORE_NAMES = {
    'resnet18_v1b_0.89': 'resnet18_v1b_2.6x', 'resnet50_v1d_0.86': 'resnet50_v1d_1.8x',
    'resnet50_v1d_0.48': 'resnet50_v1d_3.6x', 'resnet50_v1d_0.37': 'resnet50_v1d_5.9x',
    'resnet50_v1d_0.11': 'resnet50_v1d_8.8x', 'resnet101_v1d_0.76': 'resnet101_v1d_1.9x',
    'resnet101_v1d_0.73': 'resnet101_v1d_2.2x',
    **{name: name + 'ls' for name in GLUONCV if name.startswith('hrnet_')}}


def network_names() -> list[str]:
    """Return the names of all networks that can be fine-tuned, in alphabetical order.

    Returns:
        Names for `source_net`, `finetune_net` and `scratch_net`.
    """
    return sorted(GLUON + GLUONCV)


def build_net(name: str) -> Net:
    """Return the network `name` of the zoos, with 1000 outputs and without weights.

    Raises `UsageError` for an unknown name.
    """
    if name in GLUON:
        return in_active_api(lambda: mx.gluon.model_zoo.vision.get_model(name))
    if name not in GLUONCV:
        raise UsageError(unknown_network(name))
    return in_active_api(lambda: _build_gluoncv(name))


def _build_gluoncv(name: str) -> Net:
    options = {'use_aux': False} if name.startswith('nasnet') else {}  # otherwise it returns a pair
    net = gluoncv().model_zoo.get_model(name, pretrained=False, **options)
    # ResNeSt's DropBlock fits 224 pixels only, and a compiled graph would drop in evaluation too.
    net.apply(partial(gluoncv().nn.dropblock.set_drop_prob, 0))
    return net


def unknown_network(name: str) -> str:
    """Return the message about an unknown network, with similar names."""
    similar = difflib.get_close_matches(name, network_names(), n=3)
    hint = f'did you mean {" or ".join(similar)}?' if similar else 'network_names() lists all'
    return f'unknown network {name!r}: {hint}'


def network_of_file(path: StrPath) -> str | None:
    """Return the network that a file name starts with, or None; the zoos name their files so.

    'resnet18_v2-a81db45f.params' is 'resnet18_v2'.
    """
    known = {STORE_NAMES.get(name, name): name for name in network_names()}
    known.update({name: name for name in network_names()})
    base = os.path.basename(path)
    matching = [prefix for prefix in known if re.match(re.escape(prefix) + r'([-.]|$)', base)]
    return known[max(matching, key=len)] if matching else None


def unknown_network_of_file(path: str, example: str) -> str:
    """Return the message about a weights file whose name does not start with a network."""
    return (f'the name of {path} does not start with a network: rename it, for example to '
            f'{example}, or give the network (network=, on the command line --network)')


def zoo_file(name: str) -> str:
    """Return the path of the zoo's pretrained weights for `name`, downloaded if missing.

    The file is stored in $MXNET_HOME/models, comes from $MXNET_GLUON_REPO, and its SHA-1 is
    checked. Raises `UsageError` if the zoo has none, `WorkError` if the download fails.
    """
    if name not in network_names():
        raise UsageError(unknown_network(name))
    store = mx.gluon.model_zoo.model_store if name in GLUON else gluoncv().model_zoo.model_store
    try:
        path: str = stored_file(store, STORE_NAMES.get(name, name))
        return path
    except KeyError:
        raise UsageError(f'the zoo has no pretrained weights for {name}: pass a weights file, or '
                         f'train from scratch with scratch_net({name!r})') from None
