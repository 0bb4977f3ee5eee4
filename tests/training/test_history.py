import pytest

from gluon_finetune.errors import UsageError
from gluon_finetune.training.history import History, Record, describe

HISTORY = History([Record(1, 0.7, 0.5, 0.6, 100.0, 2.0, 0.01),
                   Record(2, 0.4, 0.8, 0.9, 120.0, 2.0, 0.01),
                   Record(3, 0.3, 0.9, 0.9, 120.0, 2.0, 0.01)])


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
        "train_acc, test_acc, examples_per_sec, seconds, learning_rate ('epoch')")


def test_the_best_epoch_is_the_earliest_of_equals():
    assert HISTORY.best.epoch == 2


def test_an_epoch_is_described_in_a_line():
    assert describe(HISTORY[0]) == (
        'epoch 1: loss 0.700, train acc 0.500, test acc 0.600, 100.0 examples/s')
    assert repr(HISTORY[:1]) == repr(list(HISTORY[:1]))
    assert repr(History(HISTORY[:1])) == describe(HISTORY[0])


def test_the_plot_holds_the_three_curves(tmp_path):
    ax = HISTORY.plot(tmp_path / 'curves.png')
    curves = {line.get_label(): list(line.get_ydata()) for line in ax.lines}
    assert curves == {'loss': [0.7, 0.4, 0.3], 'train acc': [0.5, 0.8, 0.9],
                      'test acc': [0.6, 0.9, 0.9]}
    assert (tmp_path / 'curves.png').read_bytes()[:4] == b'\x89PNG'
    assert [path.name for path in tmp_path.iterdir()] == ['curves.png']


def test_one_epoch_and_none_can_be_drawn(tmp_path):
    History(HISTORY[:1]).plot(tmp_path / 'one.png')
    History().plot(tmp_path / 'none.png')
    assert len(list(tmp_path.iterdir())) == 2
