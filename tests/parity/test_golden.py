"""MXNet alone against the numbers that PyTorch gave; they are stored in golden/."""
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from gluon_finetune.parity import crops
from gluon_finetune.parity import mxnet_side as ours
from gluon_finetune.parity.rows import EPSILON, FINER, SAFETY, kolmogorov_smirnov, relative

spec = importlib.util.spec_from_file_location('make_golden',
                                              Path(__file__).parent / 'make_golden.py')
make_golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_golden)

REMAKE = ('not what PyTorch gave. If PyTorch changed its mind, or a check was changed, remake the '
          'numbers: python tests/parity/make_golden.py')
EXACT = [name for name in make_golden.CHECKS if name not in ('ToTensor', 'Normalize', '20 steps')]


def stored(name):
    file = make_golden.path(name)
    assert file.exists(), f'{file} is not there: python tests/parity/make_golden.py'
    with np.load(file) as found:
        return dict(found)


def farthest(name, dtype, there=None, change=0):
    """The largest share of its tolerance that an array of MXNet's takes up."""
    shares = []
    for label, arrays in make_golden.CHECKS[name].here(dtype):
        rounding, *values = (there or stored(name))[label or 'only']
        tolerance = SAFETY * max(rounding, EPSILON) * (FINER if dtype == 'float64' else 1)
        for _, mine in sorted(make_golden.sketch(arrays).items()):
            values, theirs = values[len(mine):], np.array(values[:len(mine)])
            shares.append(relative(mine * (1 + change), theirs) / tolerance)
        assert not values, f'{name}: {REMAKE}'
    return max(shares)


@pytest.mark.parametrize('name', ['ToTensor', 'Normalize', *EXACT])   # in 20 steps, float32 parts
def test_float32(name):
    assert farthest(name, 'float32') <= 1, f'{name}: {REMAKE}'


@pytest.mark.parametrize('name', [*EXACT, '20 steps'])
def test_float64(name):
    assert farthest(name, 'float64') <= 1, f'{name}: {REMAKE}'


@pytest.mark.parametrize('name', EXACT)
def test_can_fail(name):
    assert farthest(name, 'float64', change=1e-9) > 1
    assert farthest(name, 'float32', change=0.2) > 1


def test_accuracy():
    assert ours.correct() == {'correct': stored('accuracy')['correct']}, REMAKE


@pytest.mark.parametrize('name, draw', [
    ('RandomResizedCrop: area', lambda: crops.areas(crops.crops_here())),
    ('RandomResizedCrop: aspect', lambda: crops.aspects(crops.crops_here())),
    ('RandomFlipLeftRight', crops.flips_here)])
def test_distributions(name, draw):
    theirs = np.quantile(stored(name)['quantiles'], np.linspace(0, 1, crops.DRAWS))
    mine = draw()
    assert kolmogorov_smirnov(mine, theirs) < 0.03, f'{name}: {REMAKE}'
    assert kolmogorov_smirnov(mine * 0.9 + 0.1, theirs) > 0.03
