"""Export of the network of a run to PyTorch."""
from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING

from ..config import IMAGENET_MEAN, IMAGENET_STD, RESIZE_RATIO
from ..data import modes
from ..errors import UsageError
from ..results.predict import Predictor
from ..runs.directory import RunDirectory
from ..types import StrPath
from .check import Notify, Reference, batches_of, check_outputs, reference_of, silent
from .folder import check_new, new_folder, write_text

if TYPE_CHECKING:
    from ..models.pytorch.pairs import Pair

FOLDER = 'torch'
TOLERANCE = 1e-4   # of the largest output; rounding gives 1e-6

LOAD_MODEL = '''"""Classify images: python load_model.py IMAGE..."""
import sys
from pathlib import Path

import torch
from image_modes import upright_rgb
from PIL import Image
{imports}

CLASSES = {classes}
IMAGE_SIZE = {image_size}  # side of the square images that the network takes, in pixels
RESIZED = {resized}  # side to which images are resized before the centre crop
BACKGROUND = {background}  # the colour behind transparent pixels
MEAN = {mean}
STD = {std}


def load_model():
    """Load the network: (N, 3, IMAGE_SIZE, IMAGE_SIZE) -> logits (N, classes)."""
    model = {constructor}
    weights = torch.load(Path(__file__).with_name('model.pth'), weights_only=True)
    model.load_state_dict(weights, strict=True)
    return model.eval()


def load_image(path):
    """Read and preprocess an image: a tensor (1, 3, IMAGE_SIZE, IMAGE_SIZE).

    The network was trained on images resized without antialiasing, so none is applied.
    """
    with Image.open(path) as image:
        X = torch.tensor(upright_rgb(image, BACKGROUND)).permute(2, 0, 1)[None].float()
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


def export_torch(run: StrPath, out: StrPath | None = None, *, data: StrPath | None = None,
                 notify: Notify = silent) -> str:
    """Write the best network of a run for PyTorch, into a new folder.

    The folder holds `model.pth`, a state dict that torchvision loads with `strict=True`, and
    `load_model.py`, which loads it and classifies images, whose pixels are those of the run's test:
    `image_modes.py` has orientation, transparency and colours. For resnet*_v2, which torchvision
    lacks, `torch_resnet_v2.py` defines the network.

    Args:
        run: Path of the run directory.
        out: The folder to write; default: `torch` in the run directory.
        data: Folder of images on which the written network is compared with that of the run; by
            default the one that the run was trained on.
        notify: Called with a line about the comparison.

    Returns:
        Path of the new folder.

    Raises:
        UsageError: The network has no equivalent in PyTorch at the image size of the run, `out`
            exists, PyTorch is not installed, there are no images, or `run` is no run directory or
            has no completed epoch.
        WorkError: The outputs differ from those of the run's own network.
    """
    directory = RunDirectory.open(run)
    check_torch(directory)
    out = directory.file(FOLDER) if out is None else os.fspath(out)
    check_new(out)
    reference = reference_of(directory, data)
    with new_folder(out) as folder:
        write_torch(folder, directory, reference, notify)
    return out


def check_torch(run: RunDirectory) -> None:
    """Raise `UsageError` if the network of a run cannot be exported to PyTorch."""
    from ..models.pytorch.imports import import_torch  # PyTorch is optional
    from ..models.pytorch.pairs import find_pair
    import_torch('export --to torch')
    _check_size(find_pair(run.config.network), run.config.image_size)


def write_torch(folder: str, run: RunDirectory, reference: Reference, notify: Notify) -> None:
    """Write the checked network of a run and the program into a folder."""
    from ..models.pytorch.bridge import to_torch, torch_outputs
    from ..models.pytorch.imports import import_torch
    from ..models.pytorch.pairs import find_pair
    pair, predictor = find_pair(run.config.network), Predictor.load(run.path)
    path = os.path.join(folder, 'model.pth')
    import_torch('export --to torch').save(to_torch(predictor.net), path)
    outputs = torch_outputs(path, pair.gluon, len(run.classes), batches_of(reference.X))
    check_outputs('torch', reference, outputs, TOLERANCE, notify)
    write_text(folder, 'load_model.py', _load_model(pair, predictor))
    write_text(folder, 'image_modes.py', inspect.getsource(modes))
    if pair.library != 'torchvision':
        from ..models.pytorch import resnet_v2
        write_text(folder, 'torch_resnet_v2.py', inspect.getsource(resnet_v2))


def _check_size(pair: Pair, image_size: int) -> None:
    if pair.sizes and image_size not in pair.sizes:
        raise UsageError(f'{pair.gluon} has no equivalent in PyTorch at image size {image_size}: '
                         f'their last pooling layers agree from {pair.sizes[0]} to '
                         f'{pair.sizes[-1]} pixels only; train with --image-size '
                         f'{pair.sizes[-1]}')


def _load_model(pair: Pair, predictor: Predictor) -> str:
    """Return the source of `load_model.py`."""
    if pair.library == 'torchvision':
        imports = f'from torchvision.models import {pair.torch}'
        constructor = f'{pair.torch}(num_classes=len(CLASSES))'
    else:
        imports = '\nfrom torch_resnet_v2 import ResNetV2'
        depth = pair.torch[len('resnet'):-len('_v2')]
        constructor = f'ResNetV2({depth}, len(CLASSES))'
    return LOAD_MODEL.format(
        imports=imports, constructor=constructor,
        classes=repr(predictor.classes), image_size=predictor.image_size,
        background=repr(predictor.background),
        resized=round(predictor.image_size * RESIZE_RATIO), mean=IMAGENET_MEAN, std=IMAGENET_STD)
