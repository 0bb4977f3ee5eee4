"""Store PyTorch's results, a few kilobytes a check, so that MXNet can be checked without PyTorch.

    python tests/parity/make_golden.py

Of an array the norm and some values are stored, with the rounding of float32; of a sample, its
quantiles. There is one file in `golden/` for each check.
"""
from pathlib import Path

import numpy as np

from gluon_finetune.parity import crops, torch_side
from gluon_finetune.parity.checks import TRAINING, logits
from gluon_finetune.parity.images import CHECKS as IMAGES
from gluon_finetune.parity.rows import Check, by_divergence, by_rounding, distance

FOLDER = Path(__file__).parent / 'golden'
QUANTILES = np.linspace(0, 1, 401)
NETWORKS = ['resnet18_v1', 'resnet18_v2', 'resnet50_v1b', 'squeezenet1.1']
CHECKS = {check.name: check for check in [*IMAGES, *map(logits, NETWORKS), *TRAINING]
          if isinstance(check, Check) and check.judge in (by_rounding, by_divergence)}
SAMPLES = {'RandomResizedCrop: area': lambda: crops.areas(crops.torch_sizes()),
           'RandomResizedCrop: aspect': lambda: crops.aspects(crops.torch_sizes()),
           'RandomFlipLeftRight': crops.torch_flips}


def path(name):
    """Return the file with the results of a check."""
    return FOLDER / (name.replace(': ', '-').replace(' ', '_') + '.npz')


def sketch(arrays):
    """Return some values and the norm of each array: {name: small array}."""
    count = max(2, 16 // len(arrays))
    return {name: some(np.asarray(values, 'float64').ravel(), count)
            for name, values in arrays.items()}


def some(values, count):
    """Return `count` evenly spaced values of a vector, followed by its norm."""
    positions = np.linspace(0, values.size - 1, min(values.size, count)).round().astype(int)
    return np.append(values[positions], np.linalg.norm(values))


def golden(check):
    """Return {label: (rounding, sketch in float64)} of PyTorch's results of a check."""
    pairs = zip(check.torch('float32'), check.torch('float64'))
    return {label: (distance(torch, torch64), sketch(torch64))
            for (label, torch), (_, torch64) in pairs}


def save(name, found):
    """Write {label: (rounding, sketch)}, the sketches as one vector each, names in order."""
    arrays = {}
    for label, (rounding, arrays64) in found.items():
        arrays[label or 'only'] = np.concatenate(
            [[rounding], *(arrays64[key] for key in sorted(arrays64))])
    np.savez_compressed(path(name), **arrays)


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, check in CHECKS.items():
        save(name, golden(check))
    for name, sample in SAMPLES.items():
        np.savez_compressed(path(name), quantiles=np.quantile(sample(), QUANTILES))
    np.savez_compressed(path('accuracy'), **torch_side.correct())


if __name__ == '__main__':
    main()
