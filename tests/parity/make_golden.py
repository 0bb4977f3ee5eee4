"""Stores what PyTorch computed, a few kilobytes a row, so that MXNet alone can be held to it.

    python tests/parity/make_golden.py

Of an array it keeps the norm and some values, of a sample its quantiles; beside them, how far
rounding takes float32. One file in `golden/` for each row of the table.
"""
from pathlib import Path

import numpy as np

from gluon_finetune.parity import crops
from gluon_finetune.parity import torch_side as theirs
from gluon_finetune.parity.checks import TRAINING, logits
from gluon_finetune.parity.images import CHECKS as IMAGES
from gluon_finetune.parity.rows import by_divergence, by_rounding, distance

FOLDER = Path(__file__).parent / 'golden'
QUANTILES = np.linspace(0, 1, 401)
NETWORKS = ['resnet18_v1', 'resnet18_v2', 'resnet50_v1b', 'squeezenet1.1']
CHECKS = {check.name: check for check in [*IMAGES, *map(logits, NETWORKS), *TRAINING]
          if check.judge in (by_rounding, by_divergence)}
SAMPLES = {'RandomResizedCrop: area': lambda: crops.areas(crops.crops_there()),
           'RandomResizedCrop: aspect': lambda: crops.aspects(crops.crops_there()),
           'RandomFlipLeftRight': crops.flips_there}


def path(name):
    """Where the numbers of a row are."""
    return FOLDER / (name.replace(': ', '-').replace(' ', '_') + '.npz')


def sketch(arrays):
    """The norm and some values of each array: {name: small array}."""
    kept = max(2, 16 // len(arrays))
    return {name: some(np.asarray(values, 'float64').ravel(), kept)
            for name, values in arrays.items()}


def some(values, kept):
    places = np.linspace(0, values.size - 1, min(values.size, kept)).round().astype(int)
    return np.append(values[places], np.linalg.norm(values))


def golden(check):
    """{label: (rounding, sketch in float64)} of what PyTorch gives for a check."""
    pairs = zip(check.there('float32'), check.there('float64'))
    return {label: (distance(there, there64), sketch(there64))
            for (label, there), (_, there64) in pairs}


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
    for name, draw in SAMPLES.items():
        np.savez_compressed(path(name), quantiles=np.quantile(draw(), QUANTILES))
    np.savez_compressed(path('accuracy'), **theirs.correct())


if __name__ == '__main__':
    main()
