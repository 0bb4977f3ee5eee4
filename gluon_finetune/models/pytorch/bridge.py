"""Carries weights between Gluon networks and their PyTorch twins, exactly or not at all."""
import re
import warnings

import numpy as np

from ...compat.imports import array, structured_parameters
from ...errors import UsageError
from ..mismatch import explain_mismatch
from ..output import name_output, output_layer, replace_output, set_weights, weights
from ..zoo import build_net
from .files import as_numpy, load_torch_file
from .imports import import_torch, torchvision
from .pairs import find_pair, network_of_torch_file

_TORCH_KINDS = {'gamma': 'weight', 'beta': 'bias'}  # the others have one name in both

# The BatchNorm on the input of Gluon's resnet*_v2, with neither scale nor centre: its gamma counts
# as 1 whatever is stored, its beta is added and never trained. PyTorch's has neither.
_DATA_BN = 'data_bn'


def from_torch(state_dict, network, *, features_only=False):
    """The Gluon net `network`, on the CPU, with the weights and outputs of a PyTorch state dict.

    `state_dict`: name -> tensor or array. `network` is the name either framework gives it. With
    `features_only` an output layer that does not fit stays without weights, and a warning says so.
    Raises `UsageError` when there is no twin, with the reason, and when parameters are missing,
    left over or of another shape, naming the first three.
    """
    pair = find_pair(network)
    found = _rename(state_dict)
    rows = found.get(f'{pair.layers[-1]}.weight', np.array(0))
    net = empty_net(pair, *rows.shape[:1])
    twins = torch_names(net, pair)
    expected = {twins[name]: shape for name, shape in _shapes(net).items() if twins[name]}
    taken = _fitting(expected, {name: value.shape for name, value in found.items()}, pair,
                     features_only)
    values = {name: found[twin] for name, twin in twins.items() if twin in taken}
    values.update({name: np.full(3, name.endswith('gamma')) for name, twin in twins.items()
                   if twin is None})
    set_weights(net, values)
    net.network = pair.gluon
    return name_output(net)


def load_torch_source(path, network=None, *, features_only=False):
    """The net of a .pth, .pt or .safetensors file, and its name in Gluon; see `from_torch`.

    `network` is read off the file's name, as PyTorch and timm name their files, unless it is given.
    """
    network = network or network_of_torch_file(path)
    if network is None:
        raise UsageError(f'cannot tell which network the weights in {path} are for: begin the '
                         f"file's name with it, as in resnet18-mine.pth, or give network=")
    pair, state_dict = find_pair(network), load_torch_file(path)
    try:
        return from_torch(state_dict, pair.gluon, features_only=features_only), pair.gluon
    except UsageError as error:
        raise UsageError(f'{path}: {error}') from None


def to_torch(net, network=None):
    """The state dict of the PyTorch twin of `net`: a dict of name -> torch tensor.

    `torch_net(network, classes).load_state_dict` takes it with `strict=True`. `network` defaults to
    the name that `finetune_net` and `scratch_net` leave on the net. Raises `UsageError` when there
    is no twin, with the reason, and for a net that is not what `network` says.
    """
    torch = import_torch('to_torch')
    return {name: torch.from_numpy(value) for name, value in to_torch_arrays(net, network).items()}


def to_torch_arrays(net, network=None):
    """As `to_torch`, but with NumPy arrays; needs no PyTorch."""
    pair = find_pair(network or getattr(net, 'network', None))
    values, state_dict = weights(net), {}
    wrong = explain_mismatch(_shapes(empty_net(pair, len(output_layer(net).weight.data()))),
                             {name: value.shape for name, value in values.items()})
    if wrong:
        raise UsageError(f'this net is no {pair.gluon}: {wrong}')
    for name, twin in torch_names(net, pair).items():
        if twin:
            state_dict[twin] = values[name]
            if twin.endswith('running_var'):  # PyTorch counts batches and then ignores the number
                state_dict[twin.replace('running_var', 'num_batches_tracked')] = np.array(0)
        elif name.endswith('beta') and values[name].any():
            raise UsageError(f'{name} of this {pair.gluon} is not 0: its twin has no place for it')
    return state_dict


def torch_net(network, classes=1000):
    """The PyTorch twin of a network, with random weights: torchvision's, or ours of resnet*_v2."""
    pair = find_pair(network)
    if pair.library == 'torchvision':
        return getattr(torchvision().models, pair.torch)(num_classes=classes)
    import_torch(f'the twin of {pair.gluon}')
    from .resnet_v2 import ResNetV2
    return ResNetV2(int(re.search(r'\d+', pair.torch).group()), classes)


def empty_net(pair, classes=1000):
    """Gluon's net of a `Pair` for images of 224x224: no weights, but all shapes known."""
    net = build_net(pair.gluon)
    replace_output(net, classes)
    net.infer_shape(array(np.zeros((1, 3, 224, 224))))
    return net


def torch_names(net, pair):
    """Gluon's name -> PyTorch's of every parameter, None where PyTorch has none, layer by layer."""
    layers = {}
    for name in structured_parameters(net):
        layers.setdefault(name.rpartition('.')[0], []).append(name)
    twins = {}
    for names, layer in zip(layers.values(), pair.layers):
        for name in names:
            kind = name.rpartition('.')[2]
            absent = layer == _DATA_BN and kind in _TORCH_KINDS
            twins[name] = None if absent else f'{layer}.{_TORCH_KINDS.get(kind, kind)}'
    return twins


def _shapes(net):
    return {name: param.shape for name, param in structured_parameters(net).items()}


def _rename(state_dict):
    # torchvision's own densenet files keep the names of 2017: denselayer1.norm.1.weight
    return {re.sub(r'(denselayer\d+\.(?:norm|conv))\.([12])\.', r'\1\2.', name): as_numpy(tensor)
            for name, tensor in state_dict.items() if not name.endswith('num_batches_tracked')}


def _fitting(expected, found, pair, features_only):
    """The names that can be taken over: all, or with `features_only` all but the output layer's."""
    wrong = explain_mismatch(expected, found)
    if not wrong:
        return set(expected)
    output = f'{pair.layers[-1]}.'
    features, others = ({name: shape for name, shape in shapes.items()
                         if not name.startswith(output)} for shapes in (expected, found))
    if explain_mismatch(features, others):
        raise UsageError(f'these weights are not those of {pair.torch}, the twin of {pair.gluon}: '
                         f'{wrong}')
    if not features_only:
        raise UsageError(f'the output layer is not that of {pair.torch}: {wrong}; the features fit '
                         f'and finetune_net takes them')
    warnings.warn(f'only the features are taken, the output layer does not fit: {wrong}',
                  stacklevel=3)
    return set(features)
