"""Names of the parameters of a Gluon network and of its PyTorch counterpart."""
from __future__ import annotations

import re
from typing import Any, Mapping

from ...compat.imports import structured_parameters
from ...types import Net, NumPyArray
from .files import as_numpy
from .pairs import Pair

# Gluon's kinds of parameters -> PyTorch's; the others have the same names in both.
_TORCH_KINDS = {'gamma': 'weight', 'beta': 'bias'}

# The BatchNorm on the input of Gluon's resnet*_v2 has no trained scale and shift: its gamma counts
# as 1 whatever is stored, its beta is added and never trained. PyTorch's has neither parameter.
_INPUT_BATCH_NORM = 'data_bn'


def torch_names(net: Net, pair: Pair) -> dict[str, str | None]:
    """Return Gluon's name -> PyTorch's name of every parameter; None if PyTorch has none."""
    layers: dict[str, list[str]] = {}
    for name in structured_parameters(net):
        layers.setdefault(name.rpartition('.')[0], []).append(name)
    counterparts: dict[str, str | None] = {}
    for names, layer in zip(layers.values(), pair.layers):
        for name in names:
            kind = name.rpartition('.')[2]
            missing = layer == _INPUT_BATCH_NORM and kind in _TORCH_KINDS
            counterparts[name] = None if missing else f'{layer}.{_TORCH_KINDS.get(kind, kind)}'
    return counterparts


def current_names(state_dict: Mapping[str, Any]) -> dict[str, NumPyArray]:
    """Return a state dict as NumPy arrays, with the current names of torchvision's networks.

    torchvision's densenet files have the names of 2017: denselayer1.norm.1.weight.
    """
    return {re.sub(r'(denselayer\d+\.(?:norm|conv))\.([12])\.', r'\1\2.', name): as_numpy(tensor)
            for name, tensor in state_dict.items() if not name.endswith('num_batches_tracked')}
