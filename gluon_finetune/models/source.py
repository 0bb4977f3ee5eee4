"""Finds the pretrained network a run starts from; does not know what it will be trained on."""
import os

from ..compat.gluon import long_names
from ..compat.imports import mx, structured_parameters
from ..errors import UsageError
from .freeze import hold_statistics
from .mismatch import explain_mismatch
from .output import name_output, output_name, replace_output, set_weights
from .params_file import read_params
from .zoo import build_net, network_names, network_of_file, unknown_network, zoo_file

TORCH_FILES = ('.pth', '.pt', '.safetensors')


def source_net(source='resnet18_v2', *, network=None):
    """Return the pretrained network with its own output layer, on the CPU.

    `source` is a name ('resnet18_v2': the zoo's weights), a file (.params; .pth, .pt or
    .safetensors of PyTorch) or a net, which is returned as it is. The network is read off the
    file's name ('resnet18_v2-a81db45f.params') or given as `network`; the number of classes is read
    off the file. Raises `UsageError` for weights that are damaged or belong to another network,
    `WorkError` if the zoo's cannot be fetched. The chapter: "Defining and Initializing the Model".
    """
    return load_source(source, network)


def load_source(source, network=None, *, features_only=False):
    """Return the net of `source_net`; with `features_only` its output layer may lack weights."""
    if isinstance(source, mx.gluon.Block):
        return name_output(source)
    source = os.fspath(source)
    if source in network_names():
        if network not in (None, source):
            raise UsageError(f'the source is {source} and the network {network}: give one of them')
        return load_net(zoo_file(source), source)
    if not os.path.isfile(source):
        raise UsageError(_no_source(source))
    if source.endswith(TORCH_FILES):
        from .pytorch.bridge import load_torch_source  # needs torch, which is optional
        net, network = load_torch_source(source, network, features_only=features_only)
        return remember(net, network, source)
    network = network or network_of_file(source)
    if network is None:
        raise UsageError(f'cannot tell which network the weights in {source} are for: begin the '
                         f"file's name with it, as in resnet18_v2-mine.params, or give network=")
    return load_net(source, network)


def load_net(path, network):
    """Return `network` with the weights of a .params file and as many outputs as they have."""
    net = build_net(network)
    values = _structural(net, read_params(path))
    rows = values.get(output_name(net) + 'weight')
    if rows is not None and rows.ndim:
        replace_output(net, len(rows))
    _fill(net, values, f'{path} does not hold the weights of {network}')
    return remember(net, network, path)


def load_weights(net, path):
    """Put the weights of a .params file into `net`, on its devices.

    MXNet's own `load_parameters` refuses files of NumPy-style arrays while legacy ones are in
    force. Raises `UsageError` if the weights do not fit.
    """
    _fill(net, _structural(net, read_params(path)), f'{path} does not fit the net')


def _fill(net, values, complaint):
    expected = {name: param.shape for name, param in structured_parameters(net).items()}
    wrong = explain_mismatch(expected, {name: value.shape for name, value in values.items()})
    if wrong:
        raise UsageError(f'{complaint}: {wrong}')
    set_weights(net, values)
    if _is_folded(values):
        hold_statistics(net)


def _is_folded(values):
    """Whether BatchNorm was folded into the convolutions: it has shifts and no statistics.

    Statistics of a batch would undo that, and the network with it.
    """
    def all_near(ending, number):
        return all(abs(value - number).max() < 1e-3 for name, value in values.items()
                   if name.endswith(ending))
    return all_near('running_mean', 0) and all_near('running_var', 1) and not all_near('beta', 0)


def remember(net, network, path=None, classes=None):
    """Note on `net` what it is: `.output`, `.network`, `.classes` (names), `.source_file`."""
    net.network, net.classes, net.source_file = network, classes, path
    return name_output(net)


def _structural(net, saved):
    """The saved arrays under the structural names of `net`, also those of a Module or a symbol.

    Long names ('arg:resnetv20_conv0_weight') differ from this net's by a prefix with a counter.
    """
    saved = {name[4:] if name.startswith(('arg:', 'aux:')) else name: value
             for name, value in saved.items()
             if not name.startswith('out_aux.')}  # nasnet's second output, for its own training
    names = long_names(net)
    first = next(iter(names.values()), None)
    for prefix in (name[:-len(first)] for name in saved if first and name.endswith(first)):
        if {prefix + name for name in names.values()} == set(saved):
            return {name: saved[prefix + long_name] for name, long_name in names.items()}
    return saved


def _no_source(source):
    if os.path.sep in source or source.endswith(('.params',) + TORCH_FILES):
        return f'no such file with weights: {source}'
    return unknown_network(source)
