"""The objects in synthetic images: one function per class.

Each function draws an object with a `canvas.Pen` in coordinates from -1 to 1, long objects along x;
the random generator varies its shape and colours.
"""
from __future__ import annotations

from typing import Callable, Sequence, Tuple

import numpy as np

from ..types import NumPyArray
from .canvas import Colour, Pen, Rng

Draw = Callable[[Pen, Rng], None]
_Point = Tuple[float, float]

BREAD, CRUMB, CRUST = (208, 150, 82), (243, 220, 168), (160, 98, 44)
MEATS = [(172, 70, 44), (146, 56, 38), (192, 90, 62), (118, 54, 36)]
SAUCES = [(236, 188, 32), (236, 188, 32), (188, 26, 20), (240, 232, 205)]
GREENS = [(92, 150, 50), (60, 120, 44), (140, 180, 70)]
SURFACES = [(150, 105, 66), (196, 156, 108), (232, 226, 214), (205, 205, 208), (120, 124, 130),
            (92, 132, 70), (70, 92, 128), (158, 62, 56), (226, 196, 140), (62, 58, 60)]
PAINTS = [(190, 40, 35), (40, 80, 170), (225, 180, 40), (60, 130, 70), (235, 235, 230),
          (40, 40, 46), (210, 110, 40), (150, 150, 158), (120, 70, 40), (200, 90, 130)]


def tint(rng: Rng, colour: Colour, spread: float = 16) -> NumPyArray:
    """Return a random colour near the given one."""
    return np.clip(np.array(colour) * rng.uniform(.82, 1.12) + rng.normal(0, spread, 3), 5, 250)


def _one(rng: Rng, colours: Sequence[Colour], spread: float = 12) -> NumPyArray:
    return tint(rng, colours[rng.integers(len(colours))], spread)


def _line(start: float, end: float, y: float = 0, points: int = 20) -> NumPyArray:
    """Return points along x, closer together at the ends, where a tube is rounded."""
    x = (start + end) / 2 - (end - start) / 2 * np.cos(np.linspace(0, np.pi, points))
    return np.column_stack([x, np.full(points, float(y))])


def _oval(width: float, height: float, x: float = 0, y: float = 0, points: int = 28,
          wobble: float | None = None) -> NumPyArray:
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    reach = 1 if wobble is None else 1 + wobble * np.cos(turn * 5 + 1) * np.sin(turn * 3)
    return np.column_stack([x + width * reach * np.cos(turn), y + height * reach * np.sin(turn)])


def _box(left: float, top: float, right: float, bottom: float) -> list[_Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _zigzag(rng: Rng, reach: float, height: float, y: float = 0) -> NumPyArray:
    turns = rng.integers(9, 17)
    side = np.where(np.arange(turns) % 2, height, -height)
    return np.column_stack([np.linspace(-reach, reach, turns), y + side])


def _wave(rng: Rng, reach: float, height: float, y: float = 0) -> NumPyArray:
    x = np.linspace(-reach, reach, 30)
    return np.column_stack([x, y + height * np.sin(x * rng.uniform(8, 14))])


def _sauce(pen: Pen, rng: Rng, reach: float, height: float, y: float = 0,
           colours: Sequence[Colour] = SAUCES) -> None:
    line = _zigzag if rng.random() < .7 else _wave
    pen.stroke(line(rng, reach, height, y), rng.uniform(.05, .085), _one(rng, colours, 8))


def _crumbs(pen: Pen, rng: Rng, reach: float, height: float, y: float,
            colours: Sequence[Colour], count: int) -> None:
    for _ in range(count):
        x, dy = rng.uniform(-reach, reach), rng.uniform(-height, height)
        pen.stroke([(x, y + dy), (x + rng.uniform(-.07, .07), y + dy + rng.uniform(-.05, .05))],
                   .045, _one(rng, colours))


def _leaf_rim(pen: Pen, rng: Rng, reach: float, y: float, height: float = .1) -> None:
    x = np.linspace(-reach, reach, 26)
    rim = np.column_stack([x, y + height * np.sin(x * 17) + rng.normal(0, height / 3, 26)])
    pen.tube(rim, np.full(26, .09), _one(rng, GREENS), gloss=.2)


# The positive class of the target data set.

def hotdog(pen: Pen, rng: Rng) -> None:
    """Draw a sausage in a bun, most often with sauce."""
    bun, crumb, meat = tint(rng, BREAD), tint(rng, CRUMB), _one(rng, MEATS)
    turned = rng.uniform(0, .16)            # from seen from above to seen from the front
    half = rng.uniform(.2, .27)
    pen.tube(_line(-.88, .88, -.2), half, bun)
    pen.tube(_line(-.84, .84, -.06), half * .85, crumb, gloss=.1)
    if rng.random() < .3:
        _leaf_rim(pen, rng, .75, -.18)
    y, thick = -.02 - turned * .6, rng.uniform(.14, .18)
    reach = rng.uniform(.84, 1.04)
    pen.tube(_line(-reach, reach, y), thick, meat, gloss=.55)
    if rng.random() < .85:
        _sauce(pen, rng, reach * .82, rng.uniform(.05, .1), y - .03)
    if rng.random() < .25:
        _crumbs(pen, rng, .7, .1, y, [(240, 235, 215), GREENS[2]], 14)
    pen.tube(_line(-.88, .88, .27 - turned * .5), half, tint(rng, bun, 4))


# Objects that resemble it.

def baguette(pen: Pen, rng: Rng) -> None:
    """Draw a long loaf with slashes."""
    bread = tint(rng, BREAD)
    pen.tube(_line(-1, 1), rng.uniform(.24, .4), bread)
    for x in np.linspace(-.7, .6, rng.integers(4, 7)):
        pen.stroke([(x - .06, .16), (x + .12, -.16)], .07, tint(rng, CRUMB, 8))


def sausage(pen: Pen, rng: Rng) -> None:
    """Draw one to three sausages without bread, grilled or with sauce."""
    meat, count = _one(rng, MEATS), rng.integers(1, 4)
    for y in (np.arange(count) - (count - 1) / 2) * .42:
        pen.tube(_line(-.95, .95, y), rng.uniform(.16, .2), tint(rng, meat, 6), gloss=.5)
        if rng.random() < .6:
            _sauce(pen, rng, .75, .07, y)
        else:
            for x in np.linspace(-.6, .6, 5):
                pen.stroke([(x - .04, y + .1), (x + .04, y - .1)], .04, meat * .45)


def eclair(pen: Pen, rng: Rng) -> None:
    """Draw an eclair with a coloured glaze, and often a zigzag of icing."""
    pen.tube(_line(-.95, .95, .05), .36, tint(rng, BREAD))
    glaze = _one(rng, [(84, 44, 26)] * 2 + [(240, 225, 200), (222, 130, 150), (200, 150, 50)])
    pen.tube(_line(-.88, .88, -.05), .26, glaze, gloss=.6)
    if rng.random() < .7:
        _sauce(pen, rng, .7, .1, -.06)


def sandwich(pen: Pen, rng: Rng) -> None:
    """Draw a long roll filled with leaves, cheese, tomato or ham, but no sausage."""
    bun = tint(rng, BREAD)
    pen.tube(_line(-.92, .92, .2), .26, bun)
    for x in np.linspace(-.72, .72, 6):
        filling = _one(rng, [(200, 48, 36), (240, 196, 70), (232, 150, 140)])
        pen.blob(_oval(.2, .17, x, .03), filling)
    _leaf_rim(pen, rng, .8, .08)
    pen.tube(_line(-.92, .92, -.17), .27, tint(rng, bun, 5))
    if rng.random() < .4:
        _crumbs(pen, rng, .6, .12, -.2, [CRUMB], 16)


def table(pen: Pen, rng: Rng) -> None:
    """Draw a table from the front."""
    wood = _one(rng, [BREAD, CRUST, (235, 235, 230), (90, 60, 40)])
    for x, y in ((-.6, .5), (.6, .5), (-.85, .75), (.85, .75)):
        pen.tube([(x, -.2), (x, (y - .2) / 2), (x * 1.05, y)], np.array([.06, .06, .05]), wood * .8)
    pen.flat([(-.7, -.45), (.7, -.45), (1, -.05), (-1, -.05)], wood)
    for y, reach in ((-.33, .78), (-.22, .86), (-.12, .93)):
        pen.stroke([(-reach, y), (reach, y)], .015, wood * .9)
    pen.flat(_box(-1, -.05, 1, .06), wood * .7)


# Other classes of the source data set.

def banana(pen: Pen, rng: Rng) -> None:
    """Draw a banana."""
    peel = _one(rng, [(240, 208, 60), (240, 208, 60), (178, 190, 70)])
    spine = _line(-1, 1, points=26)
    spine[:, 1] += rng.uniform(.35, .6) * (1 - spine[:, 0] ** 2)
    round_ = np.clip(1 - np.abs(spine[:, 0]) ** 3, .12, 1)
    pen.tube(spine, .27 * round_, peel, gloss=.3)
    pen.stroke(spine[3:-3] - [0, .08], .03, peel * .75)
    pen.tube(spine[:4], np.full(4, .06), (96, 78, 36))
    pen.tube(spine[-3:], np.full(3, .05), (60, 48, 30))
    _crumbs(pen, rng, .6, .1, .35, [(110, 80, 40)], rng.integers(0, 9))


def burger(pen: Pen, rng: Rng) -> None:
    """Draw a burger from the side."""
    bun = tint(rng, BREAD)
    pen.blob(_oval(.86, .3, 0, .45), bun)
    pen.tube(_line(-.9, .9, .28), .17, _one(rng, MEATS) * .75, gloss=.2)
    pen.flat([(-.8, .08), (.8, .08), (.5, .2), (.3, .38), (.1, .2), (-.4, .34)], (242, 190, 60))
    _leaf_rim(pen, rng, .85, .06, .06)
    pen.tube(_line(-.8, .8, -.04), .1, tint(rng, (205, 52, 40)))
    top = _oval(.88, .62, 0, -.1)
    top[:, 1] = np.minimum(top[:, 1], -.08)
    pen.blob(top, bun)
    _crumbs(pen, rng, .5, .15, -.42, [CRUMB], 14)


def canoe(pen: Pen, rng: Rng) -> None:
    """Draw a canoe from above, often with a paddle."""
    x = np.linspace(-1, 1, 26)
    rim = .3 * np.sqrt(np.clip(1 - x ** 2, 0, 1))
    hull = np.concatenate([np.column_stack([x, -rim]), np.column_stack([x, rim])[::-1]])
    paint = _one(rng, PAINTS)
    pen.blob(hull, paint)
    pen.flat(hull * [.93, .74], paint * .45)
    for seat in (-.5, 0, .5):
        pen.tube([(seat, -.2), (seat, 0), (seat, .2)], np.full(3, .06), tint(rng, CRUST))
    if rng.random() < .6:
        pen.stroke([(-.5, .45), (.6, -.4)], .05, tint(rng, BREAD))
        pen.blob(_oval(.16, .08, .68, -.46), tint(rng, BREAD))


def car(pen: Pen, rng: Rng) -> None:
    """Draw a car from the side."""
    paint, roof = _one(rng, PAINTS), rng.uniform(-.5, -.36)
    pen.blob([(-1, .2), (-.95, -.02), (-.6, -.1), (-.35, roof), (.3, roof), (.58, -.08),
              (.95, 0), (1, .22)], paint, gloss=.5)
    glass = tint(rng, (120, 150, 170))
    pen.flat([(-.48, -.1), (-.3, roof + .07), (-.04, roof + .07), (-.04, -.1)], glass)
    pen.flat([(.03, -.1), (.03, roof + .07), (.26, roof + .07), (.46, -.1)], glass)
    pen.flat(_box(-.99, .1, .99, .22), paint * .6)
    for x in (-.58, .58):
        pen.blob(_oval(.2, .2, x, .2), (34, 34, 38))
        pen.blob(_oval(.1, .1, x, .2), (170, 170, 176))
    pen.flat(_oval(.06, .05, .92, .05), (250, 240, 190))


def carrot(pen: Pen, rng: Rng) -> None:
    """Draw a carrot with leaves."""
    root = tint(rng, (232, 122, 36))
    for y in rng.uniform(-.4, .4, 7):
        pen.stroke([(.55, 0), (.8, y * .6), (1.05, y)], .05, _one(rng, GREENS))
    spine = _line(-1, .65)
    pen.tube(spine, .03 + .2 * np.linspace(0, 1, 20) ** .6 * np.append(np.ones(19), .3), root)
    for x in rng.uniform(-.6, .5, 7):
        pen.stroke([(x, -.1), (x + .02, rng.uniform(-.05, .05))], .025, root * .75)


def corn(pen: Pen, rng: Rng) -> None:
    """Draw a corn cob in its husk."""
    kernel, husk = tint(rng, (240, 200, 70)), _one(rng, GREENS)
    pen.tube(_line(-.9, .8), .27, kernel)
    for row in np.linspace(-.18, .18, 5):
        for x in np.linspace(-.75, .6, 14):
            pen.stroke([(x, row), (x + .04, row)], .05, kernel * rng.uniform(.85, 1.05))
    for side in (-1, 1):
        x = np.linspace(-.5, 1, 14)
        leaf = np.column_stack([x, side * (.34 - .1 * (x - .2) ** 2)])
        pen.tube(leaf, .13 * np.sin(np.linspace(.1, 3, 14)), tint(rng, husk, 6), gloss=.15)


def doughnut(pen: Pen, rng: Rng) -> None:
    """Draw a glazed doughnut."""
    dough = tint(rng, BREAD)
    turn = np.linspace(0, 2 * np.pi, 40)
    ring = np.column_stack([np.cos(turn), np.sin(turn)]) * .55
    pen.tube(ring, np.full(40, .36), dough)
    glaze = _one(rng, [(84, 44, 26), (240, 225, 200), (225, 120, 150), (200, 150, 60)])
    pen.tube(ring, .26 + .03 * np.sin(turn * 7), glaze, gloss=.5)
    for t in rng.uniform(0, 2 * np.pi, rng.integers(0, 30)):
        x, y = np.array([np.cos(t), np.sin(t)]) * rng.uniform(.42, .68)
        pen.stroke([(x, y), (x + rng.uniform(-.08, .08), y + .05)], .045, _one(rng, PAINTS))


def fish(pen: Pen, rng: Rng) -> None:
    """Draw a fish from the side."""
    scale = _one(rng, PAINTS + [(150, 160, 170), (235, 130, 60)])
    pen.blob([(.6, 0), (1, -.42), (.88, 0), (1, .42)], scale * .8)
    pen.blob([(-.2, -.3), (.1, -.55), (.35, -.2)], scale * .8)
    x = np.linspace(-1, .75, 26)
    high = .4 * np.clip(np.sin((x + 1) / 1.75 * np.pi), 0, 1) ** .7 + .02
    pen.tube(np.column_stack([x, 0 * x]), high, scale, gloss=.5)
    for x in np.linspace(-.4, .4, rng.integers(2, 6)):
        pen.stroke([(x, -.25), (x + .08, 0), (x, .25)], .04, scale * .7)
    pen.flat(_oval(.08, .08, -.68, -.08), (245, 245, 240))
    pen.flat(_oval(.045, .045, -.69, -.08), (10, 10, 12))


def flower(pen: Pen, rng: Rng) -> None:
    """Draw a flower with a stem."""
    petal, count = _one(rng, PAINTS), rng.integers(5, 11)
    pen.stroke([(0, 0), (.1, .6), (0, 1.1)], .07, _one(rng, GREENS))
    for turn in np.arange(count) * 2 * np.pi / count:
        cos, sin = np.cos(turn), np.sin(turn)
        leaf = _oval(.34, .17, .5) @ np.array([[cos, sin], [-sin, cos]])
        pen.blob(leaf, tint(rng, petal, 6))
    pen.blob(_oval(.24, .24), tint(rng, (220, 170, 50)))


def pea_pod(pen: Pen, rng: Rng) -> None:
    """Draw an open pea pod."""
    green = _one(rng, GREENS)
    long = np.sin(np.linspace(.05, np.pi - .05, 24))
    pen.tube(_line(-1, 1, points=24), .3 * long, green)
    pen.tube(_line(-.85, .85, points=24), .2 * long, green * .6, gloss=.05)
    for x in np.linspace(-.62, .62, rng.integers(4, 8)):
        pen.blob(_oval(.13, .13, x), tint(rng, green * 1.25, 5), gloss=.6)


def pencil(pen: Pen, rng: Rng) -> None:
    """Draw a pencil."""
    paint, wood = _one(rng, PAINTS), tint(rng, CRUMB)
    pen.tube(_line(-.75, .7), np.full(20, .1), paint)
    pen.stroke([(-.7, .02), (.68, .02)], .03, paint * .8)
    pen.tube([(.68, 0), (.85, 0), (1, 0)], np.array([.1, .06, .01]), wood)
    pen.tube([(.92, 0), (.96, 0), (1.01, 0)], np.array([.035, .02, .01]), paint * .5)
    pen.tube(_line(-.86, -.74), np.full(20, .1), (190, 190, 195), gloss=.6)
    pen.tube(_line(-1, -.86), np.full(20, .095), tint(rng, (225, 130, 130)))


def shoe(pen: Pen, rng: Rng) -> None:
    """Draw a shoe from the side."""
    leather, sole = _one(rng, PAINTS), _one(rng, [(240, 238, 230), CRUST, (50, 46, 44)])
    pen.blob([(-.9, .25), (-.92, -.45), (-.75, -.55), (-.35, -.5), (-.05, -.2), (.45, -.1),
              (.85, .02), (.97, .25)], leather)
    pen.flat(_oval(.26, .1, -.62, -.48), leather * .4)
    pen.tube(_line(-.95, 1, .28), .1, sole)
    for x in np.linspace(-.3, .2, 4):
        pen.stroke([(x - .05, -.36 + (x + .3) * .6), (x + .12, -.18 + (x + .3) * .4)], .045,
                   (240, 240, 235))


def cutlery(pen: Pen, rng: Rng) -> None:
    """Draw clutter: a fork or a knife."""
    steel = tint(rng, (185, 188, 195), 6)
    pen.tube(_line(-1, .3), np.full(20, .05), steel, gloss=.7)
    if rng.random() < .5:
        pen.blob(_oval(.45, .1, .62), steel, gloss=.7)
    else:
        for y in (-.1, 0, .1):
            pen.stroke([(.25, y / 2), (.45, y), (.95, y)], .04, steel)


def leaf(pen: Pen, rng: Rng) -> None:
    """Draw clutter: a leaf, a crumb, a ball or a bean."""
    pen.blob(_oval(rng.uniform(.4, .9), rng.uniform(.25, .6), wobble=rng.uniform(0, .3)),
             _one(rng, PAINTS + GREENS + MEATS + SAUCES + [BREAD]))


def cord(pen: Pen, rng: Rng) -> None:
    """Draw clutter: a cord, or a line of sauce."""
    _sauce(pen, rng, .8, .15, colours=PAINTS + SAUCES)


LOOK_ALIKES = (baguette, sausage, eclair, sandwich, banana, pencil, shoe, car, canoe, table)
SOURCE = (baguette, banana, burger, canoe, car, carrot, doughnut, eclair, fish, pea_pod, pencil,
          sandwich, sausage, shoe)
CLUTTER = (cutlery, leaf, cord, leaf)


def plate(pen: Pen, rng: Rng) -> None:
    """Draw the plate under the food."""
    glaze = _one(rng, PAINTS + [(240, 240, 236)] * 20)
    pen.blob(_oval(1, 1, points=48), glaze, gloss=.1)
    pen.flat(_oval(.72, .72, points=48), glaze * .9)
    pen.flat(_oval(.69, .69, .01, .01, points=48), glaze * .98)


def surface_colours(rng: Rng) -> tuple[NumPyArray, NumPyArray]:
    """Choose the two colours of the background surface."""
    first = _one(rng, SURFACES, 10)
    return first, _one(rng, SURFACES, 10) if rng.random() < .6 else first * rng.uniform(.6, .85)
