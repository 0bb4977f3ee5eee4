import os

import pytest

from gluon_finetune import demo
from gluon_finetune.training.history import History, Record


def history(*test_accs):
    return History(Record(i + 1, 0.5, 0.75, acc, 100, 1, 0.01) for i, acc in enumerate(test_accs))


@pytest.mark.parametrize('one, other, sentence', [
    ([0.8, 0.9], [0.5, 0.6],
     'After 2 epochs the fine-tuned net classifies 90.0% of the 200 test images correctly, the '
     'scratch baseline 60.0%: fine-tuning is ahead by 30.0 points.'),
    ([0.5], [0.75],
     'After 1 epoch the fine-tuned net classifies 50.0% of the 200 test images correctly, the '
     'scratch baseline 75.0%: in this run fine-tuning is behind by 25.0 points.'),
    ([0.9, 0.7], [0.5, 0.7],
     'After 2 epochs the fine-tuned net classifies 70.0% of the 200 test images correctly, the '
     'scratch baseline 70.0%: on so few images the difference is not significant.'),
    ([0.66], [0.62],
     'After 1 epoch the fine-tuned net classifies 66.0% of the 200 test images correctly, the '
     'scratch baseline 62.0%: on so few images the difference is not significant.'),
])
def test_the_verdict_agrees_with_the_numbers(one, other, sentence):
    assert demo.verdict(history(*one), history(*other), 200) == sentence


def test_two_perfect_nets_do_not_differ():
    assert 'not significant' in demo.verdict(history(1.0), history(1.0), 200)


def test_the_table_has_both_nets_side_by_side():
    assert demo.table(history(0.5, 0.9), history(0.25, 0.6)).splitlines() == [
        '            fine-tuned                   from scratch',
        'epoch   loss  train acc  test acc    loss  train acc  test acc',
        '    1  0.500      0.750     0.500   0.500      0.750     0.250',
        '    2  0.500      0.750     0.900   0.500      0.750     0.600']


def test_the_report_has_every_path(quick):
    text = demo.report(quick)
    assert quick['sentence'] in text
    assert demo.table(quick['fine_tuned'], quick['scratch']) in text
    for path in (os.path.join(quick['out'], 'curves.png'), quick['source_file']):
        assert path in text
