"""Charts as coordinates, which the templates of the pages draw as SVG."""
from __future__ import annotations

import math
from typing import Iterable, NamedTuple, Sequence, Tuple

from .metrics import NUM_BINS, Calibration, wilson_interval

WIDTH, HEIGHT = 380, 230   # of a chart, in the units of its coordinates
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 10, 30   # margins
MAX_DOTS = 40        # points of a line, beyond which they are not marked
OUTLIER_RATIO = 20   # of the largest value to the median, from which an axis is logarithmic

Point = Tuple[float, float]


class Series(NamedTuple):
    """A line of a chart: its name, the CSS class of its style, and points (x, y)."""

    name: str
    style: str
    points: Sequence[Point]


class Tick(NamedTuple):
    """A mark on an axis, in coordinates of the chart."""

    at: float
    label: str


class Line(NamedTuple):
    """A `Series` in coordinates of the chart."""

    name: str
    style: str
    path: str   # of SVG
    dots: list[Point]


class Chart(NamedTuple):
    """A line chart."""

    title: str
    x_label: str
    lines: list[Line]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    box: tuple[float, float, float, float] = (LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM)
    size: tuple[int, int] = (WIDTH, HEIGHT)


class Axis:
    """Linear or logarithmic mapping of values to coordinates."""

    def __init__(self, values: Iterable[float], start: float, end: float, *,
                 log: bool = False, limits: tuple[float, float] = (-math.inf, math.inf)) -> None:
        known = list(values) or [0.0, 1.0]
        low, high = min(known), max(known)
        margin = (high - low or abs(high) or 1) * 0.06
        self._transform = math.log10 if log else float
        self.low, self.high = ((low, high) if log else
                               (max(low - margin, limits[0]), min(high + margin, limits[1])))
        if log and low == high:
            self.low, self.high = low / 2, high * 2
        self.start, self.end, self.log = start, end, log

    def __call__(self, value: float) -> float:
        """Return the coordinate of a value."""
        low, high, at = map(self._transform, (self.low, self.high, value))
        return round(self.start + (at - low) / (high - low) * (self.end - self.start), 1)

    def ticks(self, count: int = 5, *, integer: bool = False, percent: bool = False) -> list[Tick]:
        """Return about `count` marks at round values."""
        from matplotlib.ticker import LogLocator, MaxNLocator
        locator = (LogLocator(subs=(1, 2, 5)) if self.log else
                   MaxNLocator(count, integer=integer, steps=[1, 2, 2.5, 5, 10]))
        values = [float(value) for value in locator.tick_values(self.low, self.high)
                  if self.low <= value <= self.high and not (integer and value % 1)]
        if self.log and len(values) > count:
            values = values[::-(-len(values) // count)]
        return [Tick(self(value), f'{100 * value:.4g}%' if percent else f'{value:.4g}')
                for value in values]


def line_chart(title: str, series: Sequence[Series], *, percent: bool = False) -> Chart:
    """Return a chart of values over epochs.

    Args:
        title: What the values are.
        series: Lines; points that are not finite are left out, and so are lines without points.
        percent: Whether values are shares, from 0 to 1; otherwise the axis is logarithmic where one
            value is so large that it would flatten the lines.
    """
    series = [each._replace(points=[point for point in each.points if math.isfinite(point[1])])
              for each in series]
    series = [each for each in series if each.points]
    values = [y for each in series for _, y in each.points]
    epochs = [x for each in series for x, _ in each.points]
    x_axis = Axis(epochs, LEFT, WIDTH - RIGHT)
    y_axis = Axis(values, HEIGHT - BOTTOM, TOP, log=not percent and _has_outliers(values),
                  limits=(0, 1) if percent else (0 if min(values, default=0) >= 0 else -math.inf,
                                                 math.inf))
    lines = [_line(each, x_axis, y_axis) for each in series]
    return Chart(title, 'epoch', lines, x_axis.ticks(6, integer=True),
                 y_axis.ticks(percent=percent))


def _line(series: Series, x_axis: Axis, y_axis: Axis) -> Line:
    points = [(x_axis(x), y_axis(y)) for x, y in series.points]
    path = 'M' + 'L'.join(f'{x:g} {y:g}' for x, y in points)
    return Line(series.name, series.style, path, points if len(points) <= MAX_DOTS else points[-1:])


def _has_outliers(values: Sequence[float]) -> bool:
    if not values or min(values) <= 0:
        return False
    return max(values) > OUTLIER_RATIO * sorted(values)[len(values) // 2]


class Bin(NamedTuple):
    """A bin of a reliability diagram, in coordinates of the diagram."""

    x: float
    y: float
    low: float    # coordinates of the 95% interval of the accuracy
    high: float
    bar: float    # height of its bar in the histogram of images
    text: str


class Reliability(NamedTuple):
    """A reliability diagram, above a histogram of the same bins."""

    bins: list[Bin]
    ticks: list[Tick]    # of both axes: horizontal coordinates
    side: int = 200
    histogram: int = 44
    bar_width: float = 200 / NUM_BINS - 3


def reliability_diagram(found: Calibration) -> Reliability:
    """Return the diagram of a calibration, with the 95% interval of each bin's accuracy."""
    empty = Reliability([], [])
    side, most = empty.side, max(found.counts)
    bins = []
    for confidence, accuracy, count in zip(found.confidence, found.accuracy, found.counts):
        low, high = wilson_interval(round(accuracy * count), count)
        bins.append(Bin(
            round(confidence * side, 1), round((1 - accuracy) * side, 1),
            round((1 - low) * side, 1), round((1 - high) * side, 1),
            round(count / most * (empty.histogram - 4) + 1, 1),
            f'{count} image{"s" * (count != 1)} with probability {confidence:.0%} on average: '
            f'{accuracy:.0%} classified correctly'))
    ticks = [Tick(side * part / 4, f'{25 * part}%') for part in range(5)]
    return empty._replace(bins=bins, ticks=ticks)
