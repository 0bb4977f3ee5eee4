import math

import numpy as np
import pytest

from gluon_finetune.compat.imports import array
from gluon_finetune.results import text
from gluon_finetune.results.plot import plot_comparison, plot_predictions, show_images
from gluon_finetune.training.history import History, Record

IMAGE = np.arange(5 * 7 * 3, dtype='uint8').reshape(5, 7, 3)


def test_images_may_be_mxnet_or_numpy_arrays(numpy_mode, tmp_path):
    path = str(tmp_path / 'grid.png')
    axes = show_images([IMAGE, array(IMAGE)], 1, 3, titles=['a', 'b'], path=path)
    assert [bool(ax.images) for ax in axes] == [True, True, False]
    assert (axes[1].images[0].get_array() == IMAGE).all()
    assert axes[1].get_title() == 'b'
    assert [path.name for path in tmp_path.iterdir()] == ['grid.png']


def test_a_wrong_prediction_shows_the_true_class():
    ranking = [('cat', 0.9), ('dog', 0.1)]
    axes = plot_predictions([IMAGE] * 2, ['cat', 'dog'], [ranking] * 2, num_cols=2)
    assert [ax.get_title() for ax in axes] == ['cat 0.90', 'cat 0.90\nis dog']
    assert axes[0].title.get_color() != axes[1].title.get_color()


def test_runs_are_compared_by_test_accuracy(tmp_path):
    history = History([Record(1, 0.7, 0.5, 0.6, 1, 1, 0.1), Record(2, 0.7, 0.5, 0.8, 1, 1, 0.1)])
    histories = {'fine-tuned': history, 'from scratch': history[:1]}
    ax = plot_comparison(histories, str(tmp_path / 'two.png'))
    assert {line.get_label(): list(line.get_ydata()) for line in ax.lines} == {
        'fine-tuned': [0.6, 0.8], 'from scratch': [0.6]}
    assert (tmp_path / 'two.png').exists()
    assert [tick for tick in ax.get_xticks() if 1 <= tick <= 2] == [1, 2]
    assert ax.get_ylabel() == 'test accuracy'


def test_runs_with_validation_images_are_compared_by_these(tmp_path):
    validated = History([Record(1, 0.7, 0.5, math.nan, 1, 1, 0.1, 0.9)])
    ax = plot_comparison({'a': validated}, tmp_path / 'a.png')
    assert ax.get_ylabel() == 'validation accuracy' and list(ax.lines[0].get_ydata()) == [0.9]
    other = History([Record(1, 0.7, 0.5, 0.6, 1, 1, 0.1)])
    ax = plot_comparison({'a': validated, 'b': other}, tmp_path / 'b.png')
    assert ax.get_ylabel() == 'test or validation accuracy'


NAMES = ['$0-$5', '$', '$$', 'a_b^{c}', '\\frac', '<b>&', '_hidden', 'Käse', '%d {x}']


@pytest.mark.parametrize('name', NAMES)
def test_names_are_drawn_as_they_are(tmp_path, name):
    ax, other = plot_predictions([IMAGE] * 2, [name, 'x'], [[(name, 0.5)]] * 2, num_cols=2,
                                 path=tmp_path / 'a.png')
    assert ax.get_title() == f'{name} 0.50' and other.get_title() == f'{name} 0.50\nis x'
    assert not ax.title.get_parse_math()
    ax, = show_images([IMAGE], 1, 1, titles=[name], path=tmp_path / 'b.png')
    assert ax.get_title() == name and not ax.title.get_parse_math()
    ax = plot_comparison({name: History([Record(1, 0.7, 0.5, 0.6, 1, 1, 0.1)])},
                         tmp_path / 'c.png')
    label, = ax.get_legend().get_texts()
    assert label.get_text() == name and not label.get_parse_math()


@pytest.mark.parametrize('name, drawn', [
    ('热狗', r'\u70ed\u72d7'), ('a\tb', r'a\tb'), ('\udcff', r'\udcff'),
    ('𓀀x', r'\U00013000x'), ('e\u0301', 'e\u0301'), ('\u200bx', r'\u200bx')])
def test_characters_without_a_font_are_escapes(tmp_path, monkeypatch, name, drawn):
    monkeypatch.setattr(text, '_installed', lambda: ('DejaVu Sans',))
    text._families.cache_clear()
    ax, = show_images([IMAGE], 1, 1, titles=[name], path=tmp_path / 'a.png')
    text._families.cache_clear()
    assert ax.get_title() == drawn   # a warning of matplotlib would fail the test


def test_characters_come_from_any_font_that_has_them(tmp_path):
    ax, = show_images([IMAGE], 1, 1, titles=['\U0001d51b'], path=tmp_path / 'a.png')
    if ax.get_title() == r'\U0001d51b':
        pytest.skip('no font here has this letter')
    assert len(ax.title.get_fontfamily()) == 2


def test_images_are_shrunk_to_the_size_they_are_drawn_at():
    image = np.zeros((4000, 3000, 3), 'uint8')
    ax, = show_images([image], 1, 1, scale=2)
    assert ax.images[0].get_array().shape == (600, 450, 3)
