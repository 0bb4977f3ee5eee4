"""Drawing of shaded and lit shapes, textured surfaces and camera effects."""
from __future__ import annotations

from typing import Any, Iterator, Sequence, Tuple, Union

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ..types import NumPyArray

SUPERSAMPLING = 2   # images are drawn this many times larger, then reduced: smooth edges

Rng = np.random.Generator
Size = Tuple[int, int]                            # width, height in pixels
Colour = Union[Sequence[float], NumPyArray]       # red, green, blue: 0 to 255
Points = Union[Sequence[Sequence[float]], NumPyArray]   # (n, 2): x, y in the pen's coordinates


class Pen:
    """A pen that draws solid shapes on a transparent layer, in coordinates from -1 to 1.

    Args:
        size: Width and height of the layer in pixels.
        centre: Pixel that the origin of the coordinates lies on.
        scale: Length of a unit in pixels.
        angle: Rotation of the coordinates in radians.
        squash: Factor on the y axis; below 1 as in a slanted view.
        bend: Curvature of the x axis.
        light: Direction (x, y) that the light comes from.
    """

    def __init__(self, size: Size, centre: Sequence[float] | NumPyArray, scale: float,
                 angle: float = 0, squash: float = 1, bend: float = 0,
                 light: Sequence[float] | NumPyArray = (-.6, -.8)) -> None:
        self.layer = Image.new('RGBA', size)
        self._draw = ImageDraw.Draw(self.layer)
        self._light = np.array(light)
        self.place(centre, scale, angle, squash, bend)

    def place(self, centre: Sequence[float] | NumPyArray, scale: float, angle: float = 0,
              squash: float = 1, bend: float = 0) -> None:
        """Move the coordinates for what is drawn next."""
        cos, sin = np.cos(angle), np.sin(angle)
        self._matrix = scale * np.array([[cos, sin], [-sin * squash, cos * squash]])
        self._centre, self._bend = np.array(centre), bend
        self._unit = scale * squash ** .5

    def pixels(self, points: Points) -> NumPyArray:
        """Convert coordinates, shape (n, 2), to pixels."""
        points = np.array(points, dtype=float)
        points[:, 1] += self._bend * (points[:, 0] ** 2 - .5)
        pixels: NumPyArray = points @ self._matrix + self._centre
        return pixels

    def tube(self, spine: Points, radius: float | NumPyArray, colour: Colour,
             gloss: float = .35) -> None:
        """Draw a round bar along `spine`.

        `radius` is that at each point; with a single number the ends are rounded.
        """
        spine = self.pixels(spine)
        if np.ndim(radius) == 0:
            along = np.linspace(-1, 1, len(spine))
            radius = radius * np.maximum(1 - along ** 6, 0) ** .5
        tangent = np.gradient(spine, axis=0)
        normal = tangent[:, ::-1] * [-1, 1]
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        reach = np.array(radius)[:, None] * self._unit * normal
        towards_light = (normal @ self._light)[:, None]
        for depth, shade in _shades(colour, gloss):
            middle = spine + towards_light * reach * .5 * depth
            side = reach * (1 - depth)
            self._fill(np.concatenate([middle + side, (middle - side)[::-1]]), shade)

    def blob(self, outline: Points, colour: Colour, gloss: float = .3) -> None:
        """Draw a rounded body inside `outline`."""
        outline = self.pixels(outline)
        middle = outline.mean(0)
        reach = np.abs(outline - middle).max()
        for depth, shade in _shades(colour, gloss):
            shift = self._light * reach * .3 * depth
            self._fill(middle + (outline - middle) * (1 - depth) + shift, shade)

    def flat(self, outline: Points, colour: Colour) -> None:
        """Draw an even surface inside `outline`."""
        self._fill(self.pixels(outline), colour)

    def stroke(self, points: Points, width: float, colour: Colour) -> None:
        """Draw a line of paste, cord or paint through `points`; `width` is in coordinates."""
        points, width = self.pixels(points), max(1, width * self._unit)
        for part, shift, shade in ((1, 0, .7), (.75, .1, 1), (.3, .2, 1.2)):
            shifted = points + self._light * width * shift
            self._draw.line([tuple(p) for p in shifted], _rgb(np.array(colour) * shade),
                            max(1, int(width * part + .5)), joint='curve')

    def _fill(self, polygon: NumPyArray, colour: Colour) -> None:
        self._draw.polygon([tuple(p) for p in polygon], _rgb(colour))

    def drop_on(self, image: Any, darkness: float = .5, softness: float = 3) -> None:
        """Paste the drawn layer and its shadow on an RGB image, in place."""
        away = tuple(int(v) for v in -self._light * self._unit * .12)
        shadow = Image.new('L', image.size)
        shadow.paste(self.layer.getchannel('A').point(lambda v: v * darkness), away)
        image.paste((15, 12, 20), mask=shadow.filter(ImageFilter.BoxBlur(softness)))
        image.paste(self.layer, mask=self.layer)


def _rgb(colour: Colour) -> tuple[int, ...]:
    return tuple(int(min(max(v, 0), 255)) for v in colour)


def _shades(colour: Colour, gloss: float,
            steps: int = 6) -> Iterator[tuple[float, NumPyArray]]:
    """Yield (depth 0 to 1, colour) from the dark rim to the highlight."""
    colour = np.array(colour, dtype=float)
    for depth in np.linspace(0, .85, steps):
        body = colour * (.55 + .5 * min(1, depth * 1.7))
        yield depth, body + (255 - body) * gloss * max(0, depth - .45)


def noise(rng: Rng, size: Size, cells: tuple[float, float]) -> NumPyArray:
    """Return smooth noise, (height, width), of mean 0 and deviation about 1.

    `cells` is the number of bumps along x and y.
    """
    coarse = rng.standard_normal((max(2, int(cells[1])), max(2, int(cells[0])))).astype('float32')
    return np.asarray(Image.fromarray(coarse).resize(size, Image.BICUBIC))


def surface(rng: Rng, size: Size, colours: Sequence[NumPyArray]) -> Any:
    """Return an RGB image of a table, cloth, stone, lawn or tiles in two colours."""
    kind = rng.choice(['plain', 'wood', 'checks', 'stripes', 'stone', 'lawn', 'tiles'])
    width, height = size
    y, x = np.mgrid[:height, :width] / min(size)
    if rng.random() < .5:
        x, y = y, x
    period = rng.uniform(.12, .4)
    if kind == 'plain':
        mix = .5 * x + .1 * noise(rng, size, (3, 3))
    elif kind == 'wood':
        grain = noise(rng, (height, width) if x[0, 0] != x[0, -1] else size, (4, 70))
        grain = grain if grain.shape == x.shape else grain.T
        mix = .4 + .2 * grain + .5 * (y % period < .012)
    elif kind == 'checks':
        mix = ((x % period < period / 2) * .5 + (y % period < period / 2) * .5)
    elif kind == 'stripes':
        mix = ((x + y * rng.uniform(-.5, .5)) % period < period * rng.uniform(.3, .7)) * 1.
    elif kind == 'stone':
        mix = .5 + .25 * noise(rng, size, (5, 5)) + .15 * noise(rng, size, (25, 25))
    elif kind == 'lawn':
        mix = .5 + .2 * noise(rng, size, (70, 25)) + .2 * noise(rng, size, (30, 60))
    else:
        mix = .1 + .9 * ((x % period < .015) | (y % period < .015)) + .1 * noise(rng, size, (9, 9))
    mix = np.clip(mix + .04 * rng.standard_normal(mix.shape), 0, 1)[..., None]
    return Image.fromarray((colours[0] * (1 - mix) + colours[1] * mix).astype('uint8'))


def photograph(rng: Rng, image: Any) -> Any:
    """Return an image with camera effects (uneven light, tint, blur, grain), reduced in size."""
    if rng.random() < .35:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(.5, 2)))
    pixels = np.asarray(image.reduce(SUPERSAMPLING), dtype='float32')
    height, width = pixels.shape[:2]
    y, x = np.mgrid[-1:1:height * 1j, -1:1:width * 1j]
    slope = rng.uniform(-.25, .25, 2)
    lamp = rng.uniform(.75, 1.25) * (1 + slope[0] * x + slope[1] * y)[..., None]
    pixels = pixels * lamp * rng.uniform(.88, 1.12, 3)
    pixels += rng.normal(0, rng.uniform(0, 7), pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype('uint8'))
