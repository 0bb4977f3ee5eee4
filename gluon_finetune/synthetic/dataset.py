"""Synthetic data sets, generated from a seed: no download is needed."""
from __future__ import annotations

import os
import tempfile
import zlib
from typing import Any, Callable, Mapping, Sequence

import numpy as np

from ..errors import UsageError
from ..progress import tqdm
from ..types import StrPath
from . import objects
from .canvas import SUPERSAMPLING, Pen, Rng, photograph, surface

SOURCE_CLASSES = {draw.__name__.replace('_', '-'): (draw,) for draw in objects.SOURCE}
HOTDOG_CLASSES = {'hotdog': (objects.hotdog,), 'not-hotdog': objects.LOOK_ALIKES}


def draw_image(draw: objects.Draw, size: int = 96, seed: int | Sequence[int] = 0) -> Any:
    """Return a synthetic image of an object.

    The same arguments give the same image.

    Args:
        draw: A function of the module `objects`.
        size: Approximate side in pixels; it varies from image to image.
        seed: A number or a sequence of numbers.

    Returns:
        An RGB image of Pillow.
    """
    rng = np.random.default_rng(seed)
    width, height = (int(size * rng.uniform(.8, 1.25)) * SUPERSAMPLING for _ in 'xy')
    extent = width, height
    turn = rng.uniform(-2.8, -.3)
    light = np.array([np.cos(turn), np.sin(turn)])
    image = surface(rng, extent, objects.surface_colours(rng))
    short = min(extent) / 2

    def pen(scale: float, centre: float = .5, squash: float = 1, bend: float = 0) -> Pen:
        origin = np.array(extent) * (.5 + centre * rng.uniform(-1, 1, 2))
        return Pen(extent, origin, short * scale, rng.uniform(-np.pi, np.pi), squash, bend, light)

    if rng.random() < .4:
        plate = pen(rng.uniform(.7, 1), .1)
        objects.plate(plate, rng)
        plate.drop_on(image)
    _clutter(rng, image, pen, rng.integers(0, 4))
    main = pen(rng.uniform(.8, 1.15), .08, rng.uniform(.75, 1.1), rng.normal(0, .12))
    draw(main, rng)
    main.drop_on(image, rng.uniform(.25, .6), rng.uniform(2, 6))
    _clutter(rng, image, pen, rng.integers(0, 2), reach=.6)
    return photograph(rng, image)


def _clutter(rng: Rng, image: Any, pen: Callable[..., Pen], count: int,
             reach: float = .5) -> None:
    """Draw `count` small objects at random positions."""
    for _ in range(count):
        small = pen(rng.uniform(.12, .4), reach)
        objects.CLUTTER[rng.integers(len(objects.CLUTTER))](small, rng)
        small.drop_on(image, .4, 2)


def draw_hotdogs(root: StrPath, train: int = 100, test: int = 50, size: int = 96, seed: int = 0,
                 progress: bool = False) -> str:
    """Generate the classes "hotdog" and "not-hotdog" in the new folder `root`.

    `train` and `test` are the images of each class; the rest is as in `draw_folders`.
    """
    return draw_folders(root, HOTDOG_CLASSES, train, test, size, seed, progress)


def draw_source(root: StrPath, train: int = 250, test: int = 20, size: int = 96, seed: int = 0,
                progress: bool = False) -> str:
    """Generate the 14 classes, none of them "hotdog", that a source network is pretrained on.

    `train` and `test` are the images of each class; the rest is as in `draw_folders`.
    """
    return draw_folders(root, SOURCE_CLASSES, train, test, size, seed, progress)


def image_seed(seed: int, folder: str, number: int) -> list[int]:
    """Return the seed for one image; no two data sets share one."""
    return [seed, zlib.crc32(folder.replace(os.path.sep, '/').encode()), number]


def draw_folders(root: StrPath, classes: Mapping[str, Sequence[objects.Draw]], train: int,
                 test: int, size: int = 96, seed: int = 0, progress: bool = False) -> str:
    """Generate a data set in the layout of `ImageFolders`: root/train/<class>/0000.jpg.

    If it is interrupted, nothing is left behind.

    Args:
        root: The folder, which must not exist.
        classes: Name of each class -> the functions of `objects` for its images, used in turn.
        train: Training images per class.
        test: Test images per class.
        size: Approximate side of the images in pixels.
        seed: The same seed gives the same images.
        progress: Whether to show a progress bar.

    Returns:
        The path of the folder.

    Raises:
        UsageError: If `root` exists.
    """
    root = os.fspath(root)
    if os.path.lexists(root):
        raise UsageError(f'folder {root} already exists: choose a new one')
    parent, name = os.path.split(os.path.abspath(root))
    os.makedirs(parent, exist_ok=True)
    jobs = [(os.path.join(part, label), number, drawers[number % len(drawers)])
            for part, count in (('train', train), ('test', test))
            for label, drawers in classes.items() for number in range(count)]
    with tempfile.TemporaryDirectory(prefix=f'.{name}-', dir=parent) as unfinished:
        for folder, number, draw in tqdm(jobs, f'generating {name}', disable=not progress):
            path = os.path.join(unfinished, name, folder, f'{number:04}.jpg')
            os.makedirs(os.path.dirname(path), exist_ok=True)
            draw_image(draw, size, image_seed(seed, folder, number)).save(path, quality=90)
        os.rename(os.path.join(unfinished, name), root)
    return root
