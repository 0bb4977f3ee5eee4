import numpy as np

from gluon_finetune.compat.imports import array
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
