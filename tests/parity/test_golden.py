"""MXNet's results against those of PyTorch that are stored in golden/."""
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from gluon_finetune.parity import crops, mxnet_side
from gluon_finetune.parity.rows import (
    EPSILON,
    FLOAT64_FACTOR,
    SAFETY_FACTOR,
    kolmogorov_smirnov,
    relative_error,
)

spec = importlib.util.spec_from_file_location('make_golden',
                                              Path(__file__).parent / 'make_golden.py')
make_golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_golden)

REMAKE = ('differs from the stored results of PyTorch. If PyTorch or a check has changed, store '
          'new ones: python tests/parity/make_golden.py')
DIVERGING = ['20 steps', 'statistics after 20 steps']   # in float32
EXACT = [name for name in make_golden.CHECKS if name not in ('ToTensor', 'Normalize', *DIVERGING)]


def stored(name):
    file = make_golden.path(name)
    assert file.exists(), f'{file} does not exist: run python tests/parity/make_golden.py'
    with np.load(file) as found:
        return dict(found)


def worst_ratio(name, dtype, change=0):
    """The largest ratio of an array's relative error to its tolerance."""
    ratios = []
    for label, arrays in make_golden.CHECKS[name].mxnet(dtype):
        rounding, *values = stored(name)[label or 'only']
        tolerance = SAFETY_FACTOR * max(rounding, EPSILON)
        tolerance *= FLOAT64_FACTOR if dtype == 'float64' else 1
        for _, mxnet in sorted(make_golden.sketch(arrays).items()):
            values, torch = values[len(mxnet):], np.array(values[:len(mxnet)])
            ratios.append(relative_error(mxnet * (1 + change), torch) / tolerance)
        assert not values, f'{name}: {REMAKE}'
    return max(ratios)


@pytest.mark.parametrize('name', ['ToTensor', 'Normalize', *EXACT])
def test_float32(name):
    assert worst_ratio(name, 'float32') <= 1, f'{name}: {REMAKE}'


@pytest.mark.parametrize('name', [*EXACT, *DIVERGING])
def test_float64(name):
    assert worst_ratio(name, 'float64') <= 1, f'{name}: {REMAKE}'


@pytest.mark.parametrize('name', EXACT)
def test_can_fail(name):
    assert worst_ratio(name, 'float64', change=1e-9) > 1
    assert worst_ratio(name, 'float32', change=0.2) > 1


def test_accuracy():
    assert mxnet_side.correct() == {'correct': stored('accuracy')['correct']}, REMAKE


@pytest.mark.parametrize('name, sample', [
    ('RandomResizedCrop: area', lambda: crops.areas(crops.mxnet_sizes())),
    ('RandomResizedCrop: aspect', lambda: crops.aspects(crops.mxnet_sizes())),
    ('RandomFlipLeftRight', crops.mxnet_flips)])
def test_distributions(name, sample):
    torch = np.quantile(stored(name)['quantiles'], np.linspace(0, 1, crops.SAMPLES))
    mxnet = sample()
    assert kolmogorov_smirnov(mxnet, torch) < 0.03, f'{name}: {REMAKE}'
    assert kolmogorov_smirnov(mxnet * 0.9 + 0.1, torch) > 0.03
