"""The image sizes that fit a network, found from its graph."""
from __future__ import annotations

from ..compat.array_api import api_of
from ..compat.graphs import Tracer, known_shapes, tracer
from ..compat.imports import mx
from ..types import Array, Net

COMMON_SIZES = (32, 64, 96, 128, 160, 192, 224, 256, 299, 331)   # sides in pixels


def fitting_sizes(net: Net) -> list[int]:
    """Return the sizes of `COMMON_SIZES` that fit a HybridBlock.

    Networks with a pooling window of fixed size, or with dense layers behind the last feature map,
    do not accept every size. Known shapes of weights count.
    """
    with api_of(net):
        trace = tracer(net)
        return [size for size in COMMON_SIZES if _fits(trace, size)]


def note_image_size(net: Net, X: Array) -> None:
    """Note the side of the square images `X` as `net.image_size`, which `Predictor` uses."""
    if len(X.shape) == 4 and X.shape[2] == X.shape[3]:
        net.image_size = int(X.shape[2])


def explain_refusal(net: Net, image_size: int, error: BaseException) -> str:
    """Return a message about the `error` of `net` on its first images, with the sizes that fit."""
    reason = str(error).strip().splitlines()[-1]
    try:
        sizes = fitting_sizes(net) if isinstance(net, mx.gluon.HybridBlock) else []
    except (AttributeError, TypeError):
        return (f'the net does not accept arrays of the active array API ({reason}): create it '
                f'with finetune_net or scratch_net after the last change of npx.set_np()')
    problem = f'images of {image_size}x{image_size} pixels do not fit this net'
    if not sizes or image_size in sizes:
        return f'{problem}: {reason}'
    return f'{problem}: sizes that fit are {", ".join(map(str, sizes))}'


def _fits(trace: Tracer, size: int) -> bool:
    shape = (1, 3, size, size)
    try:
        graph, params = trace(shape)
        graph.infer_shape_partial(**known_shapes(graph, params, shape))
    except mx.MXNetError:
        return False
    return True
