"""Writes a trained network for other frameworks; knows nothing about how it was trained."""
import json
import os
import pkgutil

from ..config import IMAGENET_MEAN, IMAGENET_STD, RESIZE_RATIO
from ..errors import UsageError
from ..results.predict import Predictor
from ..runs.directory import RunDirectory

LOAD_MODEL = '''"""Names the classes of images: python load_model.py IMAGE..."""
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
{imports}

CLASSES = {classes}
IMAGE_SIZE = {image_size}
RESIZED = {resized}  # both sides of an image, before the centre crop of IMAGE_SIZE
MEAN = {mean}
STD = {std}


def load_model():
    """The network, ready for load_image(path): (1, 3, IMAGE_SIZE, IMAGE_SIZE) -> (1, classes)."""
    model = {constructor}
    weights = torch.load(Path(__file__).with_name('model.pth'), weights_only=True)
    model.load_state_dict(weights, strict=True)
    return model.eval()


def load_image(path):
    """An image as the network was tested on them; not antialiased, because those were not."""
    image = ImageOps.exif_transpose(Image.open(path)).convert('RGB')
    X = torch.from_numpy(numpy.array(image)).permute(2, 0, 1)[None].float()
    X = torch.nn.functional.interpolate(X, (RESIZED, RESIZED), mode='bilinear').round()
    left = (RESIZED - IMAGE_SIZE) // 2
    X = X[:, :, left:left + IMAGE_SIZE, left:left + IMAGE_SIZE] / 255
    return (X - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


if __name__ == '__main__':
    model = load_model()
    for path in sys.argv[1:]:
        with torch.no_grad():
            probabilities = model(load_image(path)).softmax(dim=1)[0]
        best = int(probabilities.argmax())
        print(path, CLASSES[best], round(float(probabilities[best]), 4), sep='\\t')
'''


def export_torch(run, out=None):
    """Writes the best network of a run for PyTorch and returns the new folder `out`.

    It holds `model.pth`, a state dict that torchvision loads with `strict=True`, and
    `load_model.py`, which loads it, prepares images and names their classes; for a resnet*_v2,
    which torchvision does not have, also the network. `out` defaults to `torch` in the run
    directory. Raises `UsageError` when the network has no twin at the image size of the run, with
    the reason, when `out` exists, and without PyTorch.
    """
    from ..models.pytorch.bridge import to_torch  # PyTorch is optional
    from ..models.pytorch.imports import import_torch
    from ..models.pytorch.pairs import find_pair
    torch = import_torch('export --to torch')
    config = RunDirectory.open(run).config
    pair = find_pair(config.network)
    _check_size(pair, config.image_size)
    out = os.path.join(run, 'torch') if out is None else os.fspath(out)
    if os.path.lexists(out):
        raise UsageError(f'{out} exists already: name a new folder with --out')
    predictor = Predictor.load(run)
    partial = f'{out}.tmp'
    os.makedirs(partial, exist_ok=True)
    torch.save(to_torch(predictor.net), os.path.join(partial, 'model.pth'))
    _write(partial, 'load_model.py', _load_model(pair, predictor).encode('utf-8'))
    if pair.library == 'own':
        source = pkgutil.get_data('gluon_finetune.models.pytorch', 'resnet_v2.py')
        _write(partial, 'torch_resnet_v2.py', source)
    os.replace(partial, out)
    return out


def _check_size(pair, image_size):
    if pair.sizes and image_size not in pair.sizes:
        raise UsageError(f'{pair.gluon} has no twin in PyTorch at image size {image_size}: their '
                         f'last pooling is the same from {pair.sizes[0]} to {pair.sizes[-1]} only')


def _load_model(pair, predictor):
    if pair.library == 'torchvision':
        imports = f'from torchvision.models import {pair.torch}'
        constructor = f'{pair.torch}(num_classes=len(CLASSES))'
    else:
        imports = '\nfrom torch_resnet_v2 import ResNetV2'
        depth = pair.torch[len('resnet'):-len('_v2')]
        constructor = f'ResNetV2({depth}, len(CLASSES))'
    return LOAD_MODEL.format(
        imports=imports, constructor=constructor,
        classes=json.dumps(predictor.classes), image_size=predictor.image_size,
        resized=round(predictor.image_size * RESIZE_RATIO), mean=IMAGENET_MEAN, std=IMAGENET_STD)


def _write(folder, name, content):
    with open(os.path.join(folder, name), 'wb') as file:
        file.write(content)
