"""Exact conversion of weights between Gluon networks and their PyTorch counterparts."""
from __future__ import annotations

import re
import warnings
from typing import Any, Iterable, Mapping

import numpy as np

from ...compat.imports import array, structured_parameters
from ...errors import UsageError
from ...types import Net, NumPyArray
from ..mismatch import explain_mismatch
from ..output import name_output, output_layer, replace_output, set_weights, weights
from ..zoo import build_net, unknown_network_of_file
from .files import load_torch_file
from .imports import import_torch, torchvision
from .names import current_names, torch_names
from .pairs import Pair, find_pair, network_of_torch_file


def from_torch(state_dict: Mapping[str, Any], network: str, *, features_only: bool = False) -> Net:
    """Return a Gluon net with the weights, and so the outputs, of a PyTorch state dict, on the CPU.

    Args:
        state_dict: Name -> tensor or array.
        network: The name of the network in either framework.
        features_only: Accept an output layer that does not fit: it stays without weights, and a
            warning is issued.

    Returns:
        The network, which maps images (n, 3, height, width) to (n, classes).

    Raises:
        UsageError: The network has no counterpart, or parameters are missing, unexpected or of
            another shape.
    """
    pair = find_pair(network)
    found = current_names(state_dict)
    rows = found.get(f'{pair.layers[-1]}.weight', np.array(0))
    net = empty_net(pair, *rows.shape[:1])
    counterparts = torch_names(net, pair)
    shapes = _shapes(net)
    expected = {counterpart: shapes[name] for name, counterpart in counterparts.items()
                if counterpart}
    usable = _check_fit(expected, {name: value.shape for name, value in found.items()}, pair,
                        features_only)
    values = {name: found[counterpart] for name, counterpart in counterparts.items()
              if counterpart in usable}
    values.update({name: np.full(3, name.endswith('gamma'))
                   for name, counterpart in counterparts.items() if counterpart is None})
    set_weights(net, values)
    net.network = pair.gluon
    return name_output(net)


def load_torch_source(path: str, network: str | None = None, *,
                      features_only: bool = False) -> tuple[Net, str]:
    """Return the net of a .pth, .pt or .safetensors file and its Gluon name; see `from_torch`.

    By default, `network` is the start of the file name, as PyTorch and timm name their files.
    """
    network = network or network_of_torch_file(path)
    if network is None:
        raise UsageError(unknown_network_of_file(path, 'resnet18-mine.pth'))
    pair, state_dict = find_pair(network), load_torch_file(path)
    try:
        return from_torch(state_dict, pair.gluon, features_only=features_only), pair.gluon
    except UsageError as error:
        raise UsageError(f'{path}: {error}') from None


def to_torch(net: Net, network: str | None = None) -> dict[str, Any]:
    """Return the state dict of the PyTorch counterpart of a Gluon net.

    Args:
        net: A net with weights, which stays unchanged.
        network: Its name in either framework; by default the one that `finetune_net` and
            `scratch_net` note on the net.

    Returns:
        Name -> torch tensor, for `load_state_dict(..., strict=True)` of the counterpart.

    Raises:
        UsageError: The network has no counterpart, the net is not what `network` says, or PyTorch
            is not installed.
    """
    torch = import_torch('to_torch')
    return {name: torch.from_numpy(value) for name, value in to_torch_arrays(net, network).items()}


def to_torch_arrays(net: Net, network: str | None = None) -> dict[str, NumPyArray]:
    """Return the state dict of `to_torch` as NumPy arrays, which needs no PyTorch."""
    pair = find_pair(network or getattr(net, 'network', None))
    values = weights(net)
    mismatch = explain_mismatch(_shapes(empty_net(pair, len(output_layer(net).weight.data()))),
                                {name: value.shape for name, value in values.items()})
    if mismatch:
        raise UsageError(f'this net is not {pair.gluon}: {mismatch}')
    state_dict = {}
    for name, counterpart in torch_names(net, pair).items():
        if counterpart:
            state_dict[counterpart] = values[name]
            if counterpart.endswith('running_var'):  # PyTorch counts batches, but never uses it
                state_dict[counterpart.replace('running_var', 'num_batches_tracked')] = np.array(0)
        elif name.endswith('beta') and values[name].any():
            raise UsageError(f'{name} of this {pair.gluon} is not 0: its PyTorch counterpart has '
                             f'no such parameter')
    return state_dict


def torch_net(network: str, classes: int = 1000) -> Any:
    """Return the PyTorch counterpart of a network, with random weights (torch.nn.Module).

    It is torchvision's, or `resnet_v2.ResNetV2` for Gluon's resnet*_v2.
    """
    pair = find_pair(network)
    if pair.library == 'torchvision':
        return getattr(torchvision().models, pair.torch)(num_classes=classes)
    import_torch(f'the PyTorch counterpart of {pair.gluon}')
    from .resnet_v2 import ResNetV2
    return ResNetV2(int(re.sub(r'resnet(\d+)_v2', r'\1', pair.torch)), classes)


def torch_outputs(path: str, network: str, classes: int,
                  batches: Iterable[NumPyArray]) -> NumPyArray:
    """Return the outputs (n, classes) of the PyTorch counterpart of a network.

    Args:
        path: A .pth file with its state dict, which must fit exactly.
        network: Its name in either framework.
        classes: The number of outputs.
        batches: Arrays (batch, 3, height, width) float32.
    """
    torch = import_torch('computing outputs in PyTorch')
    net = torch_net(network, classes)
    net.load_state_dict(torch.load(path, weights_only=True), strict=True)
    net.eval()
    with torch.no_grad():
        return np.concatenate([net(torch.from_numpy(X)).numpy() for X in batches])


def empty_net(pair: Pair, classes: int = 1000) -> Net:
    """Return the Gluon net of a `Pair` without weights, with the shapes for 224x224 images."""
    net = build_net(pair.gluon)
    replace_output(net, classes)
    net.infer_shape(array(np.zeros((1, 3, 224, 224))))
    return net


def _shapes(net: Net) -> dict[str, tuple[int, ...]]:
    return {name: param.shape for name, param in structured_parameters(net).items()}


def _check_fit(expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]],
               pair: Pair, features_only: bool) -> set[str]:
    """Return the names to load: all, or with `features_only` perhaps not the output layer's."""
    mismatch = explain_mismatch(expected, found)
    if not mismatch:
        return set(expected)
    output = f'{pair.layers[-1]}.'
    features, found_features = ({name: shape for name, shape in shapes.items()
                                 if not name.startswith(output)} for shapes in (expected, found))
    if explain_mismatch(features, found_features):
        raise UsageError(f'these are not the weights of {pair.torch}, the counterpart of '
                         f'{pair.gluon}: {mismatch}')
    if not features_only:
        raise UsageError(f'the output layer does not fit {pair.torch}: {mismatch}; the features '
                         f'fit, so use finetune_net')
    warnings.warn(f'the output layer does not fit, only the features are loaded: {mismatch}',
                  stacklevel=3)
    return set(features)
