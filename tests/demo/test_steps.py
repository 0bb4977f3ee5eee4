import os

import pytest

from gluon_finetune import UsageError, demo
from gluon_finetune.training.history import History


def test_run_writes_curves_table_and_predictions(quick):
    assert sorted(os.listdir(quick['out'])) == [
        'curves.png', 'fine-tuned.csv', 'from-scratch.csv', 'hotdog', 'predictions.png']
    assert History.from_csv(os.path.join(quick['out'], 'fine-tuned.csv')) == quick['fine_tuned']
    assert len(quick['fine_tuned']) == len(quick['scratch']) == 2
    assert quick['test_images'] == 16
    assert quick['sentence'] == demo.verdict(quick['fine_tuned'], quick['scratch'], 16)


def test_default_folder_is_the_first_free_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir('gluon-finetune-demo')
    os.mkdir('gluon-finetune-demo-2')
    assert demo.new_folder() == 'gluon-finetune-demo-3'
    assert os.path.isdir('gluon-finetune-demo-3')


def test_an_output_folder_that_is_not_empty_is_an_error_before_any_work(tmp_path):
    (tmp_path / 'mine.txt').write_text('mine')
    with pytest.raises(UsageError) as error:
        demo.run(str(tmp_path))
    assert str(error.value).startswith(f'output folder {tmp_path} already exists')
    assert os.listdir(tmp_path) == ['mine.txt']
