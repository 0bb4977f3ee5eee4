"""Says which weights do not fit a network, by name and shape alone; knows no framework."""

SHOWN = 3


def explain_mismatch(expected, found):
    """Return why parameters `found` do not fit a network that has `expected`, or None if they do.

    Both are dicts of parameter name -> shape. Names the first three that do not fit and their
    shapes; a dimension of the network that is 0 or -1 is not known yet and fits any.
    """
    wrong = [line for line in map(lambda name: _complaint(name, expected, found), expected) if line]
    wrong += [f'{name} {_shape(shape)} is not in the network'
              for name, shape in found.items() if name not in expected]
    if not wrong:
        return None
    shown = '; '.join(wrong[:SHOWN])
    return shown if len(wrong) <= SHOWN else f'{shown}; and {len(wrong) - SHOWN} more'


def _complaint(name, expected, found):
    if name not in found:
        return f'{name} {_shape(expected[name])} is not in the weights'
    if not _fits(expected[name], found[name]):
        return (f'{name} is {_shape(found[name])} in the weights, '
                f'{_shape(expected[name])} in the network')


def _fits(expected, found):
    return expected is None or len(expected) == len(found) and all(
        size in (0, -1, other) for size, other in zip(expected, found))


def _shape(shape):
    return 'of unknown shape' if shape is None else str(tuple(int(size) for size in shape))
