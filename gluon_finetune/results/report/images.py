"""Images of the report: thumbnails, where the network looked, and links to the files."""
from __future__ import annotations

import base64
import contextlib
import io
import random
from pathlib import Path
from typing import NamedTuple, Sequence

import numpy as np
from PIL import Image

from ...config import IMAGENET_MEAN, IMAGENET_STD, RESIZE_RATIO, Config
from ...data.duplicates import relative_names
from ...data.folders import ImageFolders
from ...data.image import read_pixels
from ...data.loader import load_data
from ...errors import UsageError
from ...models.activation_map import activation_maps
from ...types import NumPyArray
from ..predict import Predictor
from ..predictions import Predictions
from ..thumbnails import jpeg_url, read_thumbnail

THUMBNAIL_SIDE = 176   # pixels
GLOW = (255, 0, 110)   # colour over positions with evidence, rare in photographs
OPACITY = 0.6          # of the glow where the evidence is strongest
ENLARGED = 6           # pixels of a glow for one position
MARGIN = (1 - 1 / RESIZE_RATIO) / 2   # share of an image's side that the test crop cuts off


class Bar(NamedTuple):
    """The probability of a class."""

    name: str
    probability: float
    is_true: bool


class Card(NamedTuple):
    """An image with its name and its predicted classes."""

    name: str     # relative to the data set
    url: str      # of the file
    image: str    # a data URL; '' if it cannot be read any more
    ratio: float  # of its width to its height
    glow: str     # a data URL that colours where the network looked, or ''
    bars: list[Bar]   # of the predicted class first
    likely: str   # the class that it likely belongs to, where its label is likely wrong


class Cards:
    """Makes cards of predicted images."""

    def __init__(self, predictor: Predictor, predictions: Predictions,
                 folders: ImageFolders) -> None:
        self._predictor, self._predictions, self._folders = predictor, predictions, folders
        self._glows: dict[int, str] = {}
        self.no_maps = ''        # the reason, where there are no class activation maps
        self.glow_inset = 0.0    # of a glow in its image, as a share of its side

    def look(self, indices: Sequence[int]) -> None:
        """Compute where the network looked in these images to predict their class."""
        predictor, chosen = self._predictor, list(dict.fromkeys(indices))
        X = np.empty((len(chosen), 3, predictor.image_size, predictor.image_size), 'float32')
        try:
            for index, out in zip(chosen, X):
                pixels = read_pixels(self._predictions.paths[index], predictor.background)
                predictor.augs.apply(pixels, None, out)
            maps = activation_maps(predictor.net, X, self._predictions.predicted[chosen].tolist())
        except UsageError as reason:
            self.no_maps = str(reason)
            return
        self._glows.update((index, glow_url(each)) for index, each in zip(chosen, maps))
        self.glow_inset = MARGIN - (1 - 2 * MARGIN) / maps.shape[1]   # its border is one position

    def make(self, indices: Sequence[int]) -> list[Card]:
        """Return a card for each index of the predictions."""
        return [self._card(index) for index in indices]

    def make_suspects(self, errors: Sequence[tuple[int, int]]) -> list[Card]:
        """Return a card for each pair of an index of the predictions and the likely class."""
        return [self._card(index, likely) for index, likely in errors]

    def _card(self, index: int, likely: int | None = None) -> Card:
        predictions, classes = self._predictions, self._predictor.classes
        path, label = predictions.paths[index], predictions.labels[index]
        row = predictions.probabilities[index]
        highest = np.argsort(-row, kind='stable')[:2].tolist()
        shown = dict.fromkeys([*highest, label] if likely is None else [*highest, likely, label])
        return Card(relative_names(self._folders, [path])[0], file_url(path), *_thumbnail(path),
                    self._glows.get(index, ''),
                    [Bar(classes[i], float(row[i]), i == label) for i in shown],
                    '' if likely is None else classes[likely])


def most_wrong(predictions: Predictions, count: int) -> list[int]:
    """Return the wrong predictions with the lowest probability of the true class."""
    own = predictions.probabilities[np.arange(len(predictions.paths)), list(predictions.labels)]
    wrong = np.flatnonzero(~predictions.correct)
    return [int(index) for index in wrong[np.argsort(own[wrong], kind='stable')][:count]]


def least_sure(predictions: Predictions, count: int) -> list[int]:
    """Return the predictions whose two highest probabilities differ least."""
    highest = np.partition(predictions.probabilities, -2, axis=1)[:, -2:]
    order = np.argsort(highest[:, 1] - highest[:, 0], kind='stable')
    return [int(index) for index in order[:count]]


def _thumbnail(path: str) -> tuple[str, float]:
    """Return a data URL of a thumbnail, '' if the file cannot be read, and width to height."""
    try:
        pixels = read_thumbnail(path, THUMBNAIL_SIDE)
    except UsageError:
        return '', 1
    return jpeg_url(pixels), pixels.shape[1] / pixels.shape[0]


def file_url(path: str) -> str:
    """Return the URL of a file, whatever bytes its name has."""
    return Path(path).absolute().as_uri()


def glow_url(activation: NumPyArray) -> str:
    """Return a data URL of an image of the positions, with a transparent border of one position."""
    opacity = Image.fromarray(np.pad(OPACITY * activation ** 2, 1).astype('float32'))
    size = (opacity.width * ENLARGED, opacity.height * ENLARGED)   # paper shows positions as boxes
    alpha = np.round(255 * np.asarray(opacity.resize(size, Image.BILINEAR))).astype('uint8')
    pixels = np.dstack([np.full((*alpha.shape, 3), GLOW, 'uint8'), alpha])
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, 'PNG')
    return f'data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}'


def training_crops(folders: ImageFolders, config: Config, count: int) -> list[tuple[str, str]]:
    """Return (data URL, class) of training images as the network sees them."""
    loader, _ = load_data(folders, count, config.image_size, min_area=config.min_area)
    rng, crops = random.Random(config.seed), []
    out = np.empty((3, config.image_size, config.image_size), 'float32')
    for index in rng.sample(range(len(loader.items)), min(count, len(loader.items))):
        with contextlib.suppress(UsageError):   # the image is gone since
            loader.prepare(index, rng.getrandbits(64), out)
            crops.append((_crop_url(out), folders.classes[loader.items[index][1]]))
    return crops


def _crop_url(X: NumPyArray) -> str:
    """Return a normalised image, (3, height, width), as a data URL."""
    scaled = X.transpose(1, 2, 0) * np.array(IMAGENET_STD) + np.array(IMAGENET_MEAN)
    image = Image.fromarray(np.clip(np.round(255 * scaled), 0, 255).astype('uint8'))
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return jpeg_url(np.asarray(image))
