import math

import pytest

from gluon_finetune.results.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    MAX_DOTS,
    RIGHT,
    TOP,
    WIDTH,
    Axis,
    Series,
    line_chart,
    reliability_diagram,
)
from gluon_finetune.results.metrics import Calibration


def inside(chart):
    return all(LEFT <= x <= WIDTH - RIGHT and TOP <= y <= HEIGHT - BOTTOM
               for line in chart.lines for x, y in line.dots)


def test_an_axis_has_round_marks():
    axis = Axis([0.337, 0.528], 200, 10)
    assert [tick.label for tick in axis.ticks()] == ['0.35', '0.4', '0.45', '0.5']
    assert axis(0.337) > axis(0.4) > axis(0.528)


def test_epochs_are_whole_numbers():
    assert [tick.label for tick in Axis([1, 3], 0, 100).ticks(6, integer=True)] == ['1', '2', '3']
    assert [tick.label for tick in Axis([1], 0, 100).ticks(6, integer=True)] == ['1']


def test_a_line_goes_through_its_points():
    chart = line_chart('accuracy', [Series('test', 'test', [(1, 0.5), (2, 1), (3, 0.75)])],
                       percent=True)
    line, = chart.lines
    (x1, y1), (x2, y2), (x3, y3) = line.dots
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.2)
    assert y1 - y2 == pytest.approx(2 * (y3 - y2), abs=0.2)
    assert line.path == f'M{x1:g} {y1:g}L{x2:g} {y2:g}L{x3:g} {y3:g}' and inside(chart)
    assert chart.y_ticks[-1].label == '100%'


def test_what_was_not_measured_is_left_out():
    chart = line_chart('accuracy', [
        Series('test', 'test', [(1, math.nan), (2, 0.5)]),
        Series('validation', 'val', [(1, math.nan), (2, math.nan)])], percent=True)
    assert [(line.name, len(line.dots)) for line in chart.lines] == [('test', 1)]


def test_outliers_make_a_logarithmic_axis():
    chart = line_chart('loss', [Series('loss', 'train', [(1, 1000), (2, 1), (3, 0.5), (4, 0.4)])])
    assert [tick.label for tick in chart.y_ticks][:2] == ['0.5', '5'] and inside(chart)
    heights = [y for _, y in chart.lines[0].dots]
    assert heights[1] - heights[0] < 0.9 * (heights[3] - heights[0])


@pytest.mark.parametrize('points', [[(1, 0.5)], [(1, 0), (2, 0)], [(1, 1), (2, 1)]])
def test_values_that_are_equal(points):
    for percent in (False, True):
        assert inside(line_chart('it', [Series('it', 'test', points)], percent=percent))


def test_no_values():
    assert line_chart('loss', []).lines == []


def test_many_points_are_not_marked():
    points = [(epoch, 1 / epoch) for epoch in range(1, MAX_DOTS + 2)]
    line, = line_chart('loss', [Series('loss', 'train', points)]).lines
    assert len(line.dots) == 1 and line.path.count('L') == MAX_DOTS


def test_a_reliability_diagram():
    diagram = reliability_diagram(Calibration([0.55, 0.95], [0.5, 1.0], [10, 40], 0.05))
    first, second = diagram.bins
    assert (first.x, first.y) == (110, 100) and (second.x, second.y) == (190, 0)
    assert first.low > first.y > first.high and second.high == 0
    assert first.bar < second.bar < diagram.histogram
    assert first.text == ('10 images with probability 55% on average: 50% classified correctly')
