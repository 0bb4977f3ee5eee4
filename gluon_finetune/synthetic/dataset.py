"""Draws image sets from a seed, for trying everything without a download; knows no network."""
import os
import tempfile
import zlib

import numpy as np

from ..errors import UsageError
from ..progress import tqdm
from . import objects
from .canvas import SUPERSAMPLING, Pen, photograph, surface

SOURCE_CLASSES = {thing.__name__.replace('_', '-'): (thing,) for thing in objects.SOURCE}
HOTDOG_CLASSES = {'hotdog': (objects.hotdog,), 'not-hotdog': objects.LOOK_ALIKES}


def draw_image(thing, size=96, seed=0):
    """A thing (a function of `objects`) as a camera sees it: RGB image, about `size` pixels a side.

    The same arguments give the same image; `seed` is a number or a sequence of numbers.
    """
    rng = np.random.default_rng(seed)
    extent = [int(size * rng.uniform(.8, 1.25)) * SUPERSAMPLING for _ in 'xy']
    turn = rng.uniform(-2.8, -.3)
    light = np.array([np.cos(turn), np.sin(turn)])
    image = surface(rng, extent, objects.surface_colours(rng))
    short = min(extent) / 2

    def pen(scale, centre=.5, squash=1, bend=0):
        place = np.array(extent) * (.5 + centre * rng.uniform(-1, 1, 2))
        return Pen(extent, place, short * scale, rng.uniform(-np.pi, np.pi), squash, bend, light)

    if rng.random() < .4:
        plate = pen(rng.uniform(.7, 1), .1)
        objects.plate(plate, rng)
        plate.drop_on(image)
    _clutter(rng, image, pen, rng.integers(0, 4))
    main = pen(rng.uniform(.8, 1.15), .08, rng.uniform(.75, 1.1), rng.normal(0, .12))
    thing(main, rng)
    main.drop_on(image, rng.uniform(.25, .6), rng.uniform(2, 6))
    _clutter(rng, image, pen, rng.integers(0, 2), reach=.6)
    return photograph(rng, image)


def _clutter(rng, image, pen, count, reach=.5):
    for _ in range(count):
        bit = pen(rng.uniform(.12, .4), reach)
        objects.CLUTTER[rng.integers(len(objects.CLUTTER))](bit, rng)
        bit.drop_on(image, .4, 2)


def draw_hotdogs(root, train=100, test=50, size=96, seed=0, progress=False):
    """Draw `train` and `test` images each of "hotdog" and "not-hotdog" into the folder `root`."""
    return draw_folders(root, HOTDOG_CLASSES, train, test, size, seed, progress)


def draw_source(root, train=250, test=20, size=96, seed=0, progress=False):
    """Draw the 14 classes a source network is pretrained on, without any hot dog, into `root`."""
    return draw_folders(root, SOURCE_CLASSES, train, test, size, seed, progress)


def image_seed(seed, folder, number):
    """What `draw_image` gets for one image of a set, so that no two sets share one."""
    return [seed, zlib.crc32(folder.replace(os.path.sep, '/').encode()), number]


def draw_folders(root, classes, train, test, size=96, seed=0, progress=False):
    """Draw `train` and `test` images of every class into the new folder `root`; return its path.

    The layout is that of `ImageFolders`: root/train/<class>/0000.jpg. `classes` names each class
    and the things (functions of `objects`) it shows in turn; the images are about `size` pixels a
    side. Nothing is left behind where it breaks off. Raises `UsageError` where `root` exists.
    """
    root = os.fspath(root)
    if os.path.lexists(root):
        raise UsageError(f'{root} exists already: name a folder that does not')
    parent, name = os.path.split(os.path.abspath(root))
    os.makedirs(parent, exist_ok=True)
    jobs = [(os.path.join(part, label), number, kinds[number % len(kinds)])
            for part, count in (('train', train), ('test', test))
            for label, kinds in classes.items() for number in range(count)]
    with tempfile.TemporaryDirectory(prefix=f'.{name}-', dir=parent) as unfinished:
        for folder, number, thing in tqdm(jobs, f'drawing {name}', disable=not progress):
            path = os.path.join(unfinished, name, folder, f'{number:04}.jpg')
            os.makedirs(os.path.dirname(path), exist_ok=True)
            draw_image(thing, size, image_seed(seed, folder, number)).save(path, quality=90)
        os.rename(os.path.join(unfinished, name), root)
    return root
