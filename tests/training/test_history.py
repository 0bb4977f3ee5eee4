import copy
import math
import pickle

import pytest

from gluon_finetune.errors import UsageError
from gluon_finetune.training.history import History, Record, describe

HISTORY = History([Record(1, 0.7, 0.5, 0.6, 100.0, 2.0, 0.01),
                   Record(2, 0.4, 0.8, 0.9, 120.0, 2.0, 0.01),
                   Record(3, 0.3, 0.9, 0.9, 120.0, 2.0, 0.01)])
VALIDATED = History([Record(1, 0.7, 0.5, math.nan, 100.0, 2.0, 0.01, 0.8),
                     Record(2, 0.4, 0.8, 0.6, 120.0, 2.0, 0.01, 0.7)])   # tested at the end


def test_a_file_gives_back_what_was_written(tmp_path):
    HISTORY.to_csv(tmp_path / 'history.csv')
    assert (tmp_path / 'history.csv').read_text().splitlines()[0] == (
        'epoch,loss,train_acc,test_acc,examples_per_sec,seconds,learning_rate')
    assert History.from_csv(tmp_path / 'history.csv') == HISTORY
    assert [path.name for path in tmp_path.iterdir()] == ['history.csv']


def test_another_file_is_refused(tmp_path):
    (tmp_path / 'x.csv').write_text('a,b\n1,2\n')
    with pytest.raises(UsageError) as error:
        History.from_csv(tmp_path / 'x.csv')
    assert str(error.value) == (
        f"{tmp_path / 'x.csv'} is not a history: expected a table with the columns epoch, loss, "
        "train_acc, examples_per_sec, seconds, learning_rate and test_acc or val_acc ('epoch')")
    header = 'epoch,loss,train_acc,examples_per_sec,seconds,learning_rate'
    for column, cell in (('a', '1'), ('val_acc', ''), ('val_acc', 'nan'), ('test_acc', 'inf')):
        (tmp_path / 'x.csv').write_text(f'{header},{column}\n1,1,1,1,1,1,{cell}\n')
        with pytest.raises(UsageError, match='x.csv is not a history'):
            History.from_csv(tmp_path / 'x.csv')


def test_the_best_epoch_is_the_earliest_of_equals():
    assert HISTORY.best.epoch == 2


def test_validation_images_choose_the_best_epoch(tmp_path):
    assert VALIDATED.best.epoch == 1 and VALIDATED.best.accuracy == 0.8
    assert [record.is_validated for record in (*VALIDATED, *HISTORY)] == [True] * 2 + [False] * 3
    assert VALIDATED[0].measured() == {
        'epoch': 1, 'loss': 0.7, 'train_acc': 0.5, 'examples_per_sec': 100.0, 'seconds': 2.0,
        'learning_rate': 0.01, 'val_acc': 0.8}
    assert describe(VALIDATED[0]) == (
        'epoch 1: loss 0.700, train acc 0.500, validation acc 0.800, 100.0 examples/s')
    assert ' validation acc 0.700, test acc 0.600, ' in describe(VALIDATED[1])
    assert pickle.loads(pickle.dumps(VALIDATED)) == copy.deepcopy(VALIDATED) == VALIDATED
    for history, test_acc in ((VALIDATED, 'test_acc,'), (History(VALIDATED[:1]), '')):
        history.to_csv(tmp_path / 'history.csv')
        assert (tmp_path / 'history.csv').read_text().splitlines()[0] == (
            f'epoch,loss,train_acc,{test_acc}examples_per_sec,seconds,learning_rate,val_acc')
        assert History.from_csv(tmp_path / 'history.csv') == history


def test_the_plot_holds_the_validation_accuracy(tmp_path):
    ax = History(VALIDATED[:1]).plot(tmp_path / 'curves.png')
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        'loss', 'train acc', 'validation acc']
    ax = VALIDATED.plot(tmp_path / 'curves.png')
    curves = {line.get_label(): list(line.get_ydata()) for line in ax.figure.axes[1].lines}
    assert curves['validation acc'] == [0.8, 0.7] and curves['test acc'][1] == 0.6


def test_an_epoch_is_described_in_a_line():
    assert describe(HISTORY[0]) == (
        'epoch 1: loss 0.700, train acc 0.500, test acc 0.600, 100.0 examples/s')
    assert repr(HISTORY[:1]) == repr(list(HISTORY[:1]))
    assert repr(History(HISTORY[:1])) == describe(HISTORY[0])


def test_the_plot_holds_the_three_curves(tmp_path):
    ax = HISTORY.plot(tmp_path / 'curves.png')
    curves = {line.get_label(): list(line.get_ydata())
              for axes in ax.figure.axes for line in axes.lines}
    assert curves == {'loss': [0.7, 0.4, 0.3], 'train acc': [0.5, 0.8, 0.9],
                      'test acc': [0.6, 0.9, 0.9]}
    assert (tmp_path / 'curves.png').read_bytes()[:4] == b'\x89PNG'
    assert [path.name for path in tmp_path.iterdir()] == ['curves.png']


def test_one_epoch_and_none_can_be_drawn(tmp_path):
    History(HISTORY[:1]).plot(tmp_path / 'one.png')
    History().plot(tmp_path / 'none.png')
    assert len(list(tmp_path.iterdir())) == 2


def drawn(*rows, path='x.png'):
    history = History(Record(epoch, *row, 1.0, 1.0, 0.1) for epoch, row in enumerate(rows, 1))
    ax = history.plot(path)
    return ax, ax.figure.axes[1]


def shows(axis, *values):
    low, high = axis.get_view_interval()
    return all(low <= value <= high for value in values)


@pytest.mark.parametrize('losses', [(3.1, 2.6), (6.9, 6.8, 6.6), (0.02, 0.01), (2.5,), (0, 0)])
def test_every_loss_is_in_the_plot_and_fills_it(tmp_path, losses):
    ax, _ = drawn(*((loss, 0.1, 0.2) for loss in losses), path=tmp_path / 'x.png')
    low, high = ax.get_ylim()
    assert shows(ax.yaxis, *losses) and high - low <= max(1.2 * (max(losses) - min(losses)), 0.3)
    assert ax.get_ylabel() == 'loss' and ax.get_yscale() == 'linear'


def test_a_huge_loss_flattens_no_curve(tmp_path):
    losses = 0.7, 4e5, 0.5, 0.4
    ax, _ = drawn(*((loss, 0.5, 0.5) for loss in losses), path=tmp_path / 'x.png')
    assert shows(ax.yaxis, *losses)
    heights = [ax.transAxes.inverted().transform(ax.transData.transform((1, loss)))[1]
               for loss in (0.7, 0.4)]
    assert heights[0] - heights[1] > 0.03


@pytest.mark.parametrize('accs', [[(0.001, 0.002), (0.01, 0.03)], [(0.97, 0.98)], [(0, 1)]])
def test_accuracies_have_an_axis_of_their_own(tmp_path, accs):
    ax, right = drawn(*((5.0, *pair) for pair in accs), path=tmp_path / 'x.png')
    assert shows(right.yaxis, *(acc for pair in accs for acc in pair))
    low, high = right.get_ylim()
    span = max(max(pair) for pair in accs) - min(min(pair) for pair in accs)
    assert high - low <= span + 0.11 and right.get_ylabel() == 'accuracy'
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        'loss', 'train acc', 'test acc']


@pytest.mark.parametrize('count', [1, 2, 3, 7, 30])
def test_epochs_have_ticks_at_whole_numbers(tmp_path, count):
    ax, _ = drawn(*[(1.0, 0.5, 0.5)] * count, path=tmp_path / 'x.png')
    low, high = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
    assert ticks and all(tick == round(tick) for tick in ticks) and len(ticks) <= count + 2
    assert count > 1 or ticks == [1]
