"""Finds the image sizes that go through a network, without running it; knows no images."""
from ..compat.array_api import api_of
from ..compat.gluon import tracer
from ..compat.imports import mx

COMMON_SIZES = (32, 64, 96, 128, 160, 192, 224, 256, 299, 331)


def fitting_sizes(net):
    """Return those of `COMMON_SIZES` (side in pixels) that go through the HybridBlock `net`.

    Networks with a pooling window of fixed size, or dense layers behind the last feature map, do
    not take all. Shapes of weights that are known already are respected.
    """
    with api_of(net):
        trace = tracer(net)
        return [size for size in COMMON_SIZES if _goes_through(trace, size)]


def explain_refusal(net, image_size, error):
    """Return the sentence that says why `net` met images with `error`, and what it would take."""
    reason = str(error).strip().splitlines()[-1]
    try:
        sizes = fitting_sizes(net) if isinstance(net, mx.gluon.HybridBlock) else []
    except (AttributeError, TypeError):
        return (f'the net does not take the arrays in force ({reason}): make it by name, with '
                f'finetune_net or scratch_net, and npx.set_np() as it is now')
    what = f'an image of {image_size}x{image_size} does not go through this net'
    if not sizes or image_size in sizes:
        return f'{what}: {reason}'
    return f'{what}: sizes that do are {", ".join(map(str, sizes))}'


def _goes_through(trace, size):
    shape = (1, 3, size, size)
    try:
        graph, known = trace(shape)
        graph.infer_shape_partial(data=shape, **known)
    except mx.MXNetError:
        return False
    return True
