"""Finds the picture sizes that go through a network, without running it; knows no pictures."""
from ..compat import mx, structured_parameters
from .arrays import style_of

COMMON_SIZES = (32, 64, 96, 128, 160, 192, 224, 256, 299, 331)


def fitting_sizes(net):
    """Return those of `COMMON_SIZES` (side in pixels) that go through the HybridBlock `net`.

    Networks with a pooling window of fixed size, or dense layers behind the last feature map, do
    not take all. Shapes of weights that are known already are respected.
    """
    with style_of(net):
        data = mx.sym.var('data')
        out = net(data.as_np_ndarray() if mx.util.is_np_array() else data)
        inputs = set(out.list_inputs())
        known = {param.name: tuple(param.shape) for param in structured_parameters(net).values()
                 if param.name in inputs and min(param.shape or (0,)) > 0}
        return [size for size in COMMON_SIZES if _goes_through(out, size, known)]


def _goes_through(out, size, known):
    try:
        out.infer_shape_partial(data=(1, 3, size, size), **known)
    except mx.MXNetError:
        return False
    return True
