import os

import pytest

from gluon_finetune import UsageError, demo
from gluon_finetune.training.history import History, Record


def history(*test_accs):
    return History(Record(i + 1, 0.5, 0.75, acc, 100, 1, 0.01) for i, acc in enumerate(test_accs))


@pytest.fixture(scope='module')
def quick(tmp_path_factory):
    """The real entry in its smallest size, in a folder and with a cache of its own."""
    folder = tmp_path_factory.mktemp('demo')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('GLUON_FINETUNE_CACHE', str(folder / 'cache'))
        return demo.run(str(folder / 'out'), 0, False, *demo.QUICK)


def test_run_leaves_curves_table_and_predictions(quick):
    assert sorted(os.listdir(quick['out'])) == [
        'curves.png', 'fine-tuned.csv', 'from-scratch.csv', 'hotdog', 'predictions.png']
    assert History.from_csv(os.path.join(quick['out'], 'fine-tuned.csv')) == quick['fine_tuned']
    assert len(quick['fine_tuned']) == len(quick['scratch']) == 2
    assert quick['test_pictures'] == 16
    assert quick['sentence'] == demo.verdict(quick['fine_tuned'], quick['scratch'], 16)


def test_second_run_takes_the_source_from_the_cache(quick, tmp_path, monkeypatch):
    cache = os.path.dirname(quick['source_file'])
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', cache)
    monkeypatch.setattr(demo, 'pretrain', None)
    again = demo.run(str(tmp_path / 'again'), 0, False, *demo.QUICK)
    assert again['source_file'] == quick['source_file']
    assert [r[:4] for r in again['fine_tuned']] == [r[:4] for r in quick['fine_tuned']]
    assert sorted(os.listdir(cache)) == sorted(
        os.path.basename(quick['source_file'])[:-len('params')] + ending
        for ending in ('labels.json', 'params'))
