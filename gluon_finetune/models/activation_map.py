"""Class activation maps: where in an image a network finds the evidence for a class."""
from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from ..compat.array_api import api_of
from ..compat.imports import array, mx, value_of
from ..errors import UsageError
from ..types import Net, NumPyArray
from .output import blocks, copy_net, output_layer

BATCH_SIZE = 16    # images whose features are in memory at once
TOLERANCE = 1e-3   # relative, of means that MXNet and NumPy compute


def activation_maps(net: Net, X: NumPyArray, classes: Sequence[int]) -> NumPyArray:
    """Compute the class activation map (CAM) of each image.

    It is known for networks whose output layer reads the mean of each channel of the last features:
    each position then adds a known part to the output of a class. Which features these are is found
    by their values, in a network of any structure.

    Args:
        net: A classifier; it stays as it is.
        X: Normalised images (images, 3, height, width).
        classes: For each image the index of the class that its map is for.

    Returns:
        Maps (images, rows, columns), from 0 for positions without evidence for the class to 1 for
        the one with most.

    Raises:
        UsageError: The output layer reads something else, or the features have one position only.

    Source:
        Zhou et al.: Learning Deep Features for Discriminative Localization, 2016, arXiv 1512.04150.
    """
    with api_of(net):   # the copy and its weights, too
        net, labels = copy_net(net), list(classes)
        maps = np.maximum(np.concatenate([
            _evidence(net, X[i:i + BATCH_SIZE], labels[i:i + BATCH_SIZE])
            for i in range(0, len(X), BATCH_SIZE)]), 0)
    highest = np.maximum(maps.max(axis=(1, 2), keepdims=True), np.finfo('float32').tiny)
    return np.asarray(maps / highest)


def _evidence(net: Net, X: NumPyArray, classes: list[int]) -> NumPyArray:
    """Return for each image what each position adds to the output of its class."""
    layer = output_layer(net)
    before, read, written, output = _run(net, layer, X)
    if written.ndim == 4 and written[0, 0].size > 1:   # the mean is taken of the layer's outputs
        found = [maps for maps in (written, np.maximum(written, 0)) if _is_mean(output, maps)]
        if found:
            return found[0][np.arange(len(X)), classes]
    found = [features for features in before
             if features[0, 0].size > 1 and _is_mean(read, features)]
    if not found:
        raise UsageError(f'its output layer does not read the mean of features that have more than '
                         f'one position at {X.shape[2]}x{X.shape[3]} pixels')
    features = found[-1]
    weights = value_of(layer.weight).reshape(-1, features.shape[1])[classes]
    return np.asarray(np.einsum('nc,nchw->nhw', weights, features))


def _run(net: Net, layer: Net, X: NumPyArray
         ) -> tuple[list[NumPyArray], NumPyArray, NumPyArray, NumPyArray]:
    """Return the feature maps before `layer`, its input and output, and the output of `net`."""
    before: list[Any] = []
    at_layer: list[Any] = []

    def note(block: Net, inputs: Sequence[Any], output: Any) -> None:
        if block is layer:
            at_layer[:] = inputs[0], output
        elif not at_layer and getattr(output, 'ndim', 0) == 4:
            before.append(output)

    hooks = [block.register_forward_hook(note) for block in blocks(net)]
    output = net(array(X, dtype='float32'))
    mx.nd.waitall()
    for hook in hooks:
        hook.detach()
    channels = at_layer[0].shape[1]
    features = [each.asnumpy() for each in before if each.shape[1] == channels]
    return features, at_layer[0].asnumpy(), at_layer[1].asnumpy(), output.asnumpy()


def _is_mean(values: NumPyArray, features: NumPyArray) -> bool:
    """Return whether `values` are the means of `features` over their positions."""
    means, values = features.mean(axis=(2, 3)), values.reshape(len(values), -1)
    return means.shape == values.shape and np.allclose(
        means, values, rtol=TOLERANCE, atol=TOLERANCE * abs(values).max())
