"""The pretrained network that fine-tuning starts from."""
from __future__ import annotations

import os

from ..compat.imports import mx, structured_parameters
from ..errors import UsageError
from ..types import Net, NumPyArray, StrPath
from .freeze import use_running_statistics
from .mismatch import explain_mismatch
from .output import name_output, output_name, replace_output, set_weights
from .params_file import read_params
from .source_file import FILE_ENDINGS, NOTHING_KNOWN, Training, check_format, training_of
from .spellings import describe_names, structural
from .zoo import (
    build_net,
    network_names,
    network_of_file,
    unknown_network,
    unknown_network_of_file,
    zoo_file,
)

TORCH_EXTENSIONS = ('.pth', '.pt', '.safetensors')


def source_net(source: StrPath | Net = 'resnet18_v2', *,
               network: str | None = None) -> Net:
    """Return a pretrained network with its own output layer, on the CPU.

    Chapter: section "Defining and Initializing the Model".

    Args:
        source: A name ('resnet18_v2': the weights of the zoo), a file (.params; .pth, .pt or
            .safetensors of PyTorch), or a net, which is returned itself. The number of classes
            is that of the file.
        network: The name of the network in a file; by default, it is the start of the file name
            ('resnet18_v2-a81db45f.params'), or that of the run directory whose best.params it is.

    Returns:
        The network, which maps images (n, 3, height, width) to (n, classes).

    Raises:
        UsageError: The weights are corrupt or belong to another network.
        WorkError: The weights of the zoo cannot be downloaded.
    """
    return load_source(source, network)


def load_source(source: StrPath | Net, network: str | None = None, *,
                features_only: bool = False) -> Net:
    """Return the net of `source_net`; with `features_only` its output layer may lack weights."""
    if isinstance(source, mx.gluon.Block):
        return name_output(source)
    path = os.fspath(source)
    if path in network_names():
        if network not in (None, path):
            raise UsageError(f'the source is {path}, but the network is {network}: give only one '
                             f'of them')
        return load_net(zoo_file(path), path)
    if not os.path.isfile(path):
        raise UsageError(_no_source(path))
    if path.endswith(TORCH_EXTENSIONS):
        from .pytorch.bridge import load_torch_source  # PyTorch is optional
        net, network = load_torch_source(path, network, features_only=features_only)
        return remember(net, Training(network), path)
    check_format(path)
    training = training_of(path)
    network = network or network_of_file(path) or training.network
    if network is None:
        raise UsageError(unknown_network_of_file(path, 'resnet18_v2-mine.params'))
    return load_net(path, network, training)


def load_net(path: str, network: str, training: Training = NOTHING_KNOWN) -> Net:
    """Return `network` with the weights of a .params file and as many outputs as they have."""
    net = build_net(network)
    values = structural(net, read_params(path))
    rows = values.get(output_name(net) + 'weight')
    if rows is not None and rows.ndim:
        replace_output(net, len(rows))
    _set_checked(net, values, f'{path} does not contain the weights of {network}')
    return remember(net, training._replace(network=network), path)


def load_weights(net: Net, path: StrPath) -> None:
    """Load the weights of a .params file into `net`, on its devices.

    MXNet's own `load_parameters` rejects files of NumPy-style arrays while legacy arrays are
    active. Raises `UsageError` if the weights do not fit.
    """
    _set_checked(net, structural(net, read_params(path)), f'{path} does not fit the net')


def remember(net: Net, training: Training, path: str | None = None) -> Net:
    """Set what `net` notes about itself, and `net.output`; return it."""
    net.network, net.classes, net.image_size, net.background = training
    net.source_file = path
    return name_output(net)


def _set_checked(net: Net, values: dict[str, NumPyArray], problem: str) -> None:
    expected = {name: param.shape for name, param in structured_parameters(net).items()}
    mismatch = explain_mismatch(expected, {name: value.shape for name, value in values.items()})
    if mismatch:
        names = '' if values.keys() >= expected.keys() else f'; {describe_names(values)}'
        raise UsageError(f'{problem}: {mismatch}{names}')
    set_weights(net, values)
    if _is_folded(values):
        use_running_statistics(net)


def _is_folded(values: dict[str, NumPyArray]) -> bool:
    """Return whether BatchNorm is folded into the convolutions: shifts, but no statistics.

    Statistics of a batch would break such a network.
    """
    def all_near(ending: str, number: float) -> bool:
        return all(abs(value - number).max() < 1e-3 for name, value in values.items()
                   if name.endswith(ending))
    return all_near('running_mean', 0) and all_near('running_var', 1) and not all_near('beta', 0)


def _no_source(source: str) -> str:
    if os.path.sep in source or source.endswith(('.params', *TORCH_EXTENSIONS, *FILE_ENDINGS)):
        return f'no such weights file: {source}'
    return unknown_network(source)
