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
        return demo.run(str(folder / 'out'), 0, False, **demo.QUICK)


def test_run_leaves_curves_table_and_predictions(quick):
    assert sorted(os.listdir(quick['out'])) == [
        'curves.png', 'fine-tuned.csv', 'from-scratch.csv', 'hotdog', 'predictions.png']
    assert History.from_csv(os.path.join(quick['out'], 'fine-tuned.csv')) == quick['fine_tuned']
    assert len(quick['fine_tuned']) == len(quick['scratch']) == 2
    assert quick['test_images'] == 16
    assert quick['sentence'] == demo.verdict(quick['fine_tuned'], quick['scratch'], 16)


def test_second_run_takes_the_source_from_the_cache(quick, tmp_path, monkeypatch):
    cache = os.path.dirname(quick['source_file'])
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', cache)
    made = os.stat(quick['source_file']).st_mtime_ns
    again = demo.run(str(tmp_path / 'again'), 0, False, **demo.QUICK)
    assert again['source_file'] == quick['source_file']
    assert os.stat(again['source_file']).st_mtime_ns == made
    assert [r[:4] for r in again['fine_tuned']] == [r[:4] for r in quick['fine_tuned']]
    assert sorted(os.listdir(cache)) == sorted(
        os.path.basename(quick['source_file'])[:-len('params')] + ending
        for ending in ('labels.json', 'params'))


def test_damaged_source_is_made_again_and_a_changed_recipe_is_another_file(tmp_path, monkeypatch):
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', str(tmp_path / 'new' / 'cache'))
    made = []

    class Net:
        def save_parameters(self, path):
            made.append(path)
            with open(path, 'wb') as file:
                file.write(b'weights')
    monkeypatch.setattr(demo, 'pretrain', lambda source, progress: (Net(), ['a', 'b']))

    path = demo.pretrained_file(progress=False)
    assert os.path.basename(path).startswith('resnet18_v2-')
    assert demo.pretrained_file(progress=False) == path and len(made) == 1
    with open(path, 'wb') as file:
        file.write(b'wrights')
    assert demo.pretrained_file(progress=False) == path and len(made) == 2
    with open(path, 'rb') as file:
        assert file.read() == b'weights'
    assert demo.pretrained_file(demo.Source(seed=1), progress=False) != path and len(made) == 3
    monkeypatch.setattr(demo.inspect, 'getsource', lambda part: 'changed drawing code')
    assert demo.pretrained_file(progress=False) != path and len(made) == 4


def test_default_folder_is_the_first_free_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir('gluon-finetune-demo')
    os.mkdir('gluon-finetune-demo-2')
    assert demo.new_folder() == 'gluon-finetune-demo-3'
    assert os.path.isdir('gluon-finetune-demo-3')


def test_an_output_folder_with_something_in_it_is_refused_before_anything_is_drawn(tmp_path):
    (tmp_path / 'mine.txt').write_text('mine')
    with pytest.raises(UsageError) as error:
        demo.run(str(tmp_path))
    assert str(error.value).startswith(f'output folder {tmp_path} already exists')
    assert os.listdir(tmp_path) == ['mine.txt']


@pytest.mark.parametrize('one, other, sentence', [
    ([0.8, 0.9], [0.5, 0.6],
     'After 2 epochs the fine-tuned net names 90.0% of the 200 test images correctly, its twin '
     'from scratch 60.0%: fine-tuning is ahead by 30.0 points.'),
    ([0.5], [0.75],
     'After 1 epoch the fine-tuned net names 50.0% of the 200 test images correctly, its twin '
     'from scratch 75.0%: in this run fine-tuning lost by 25.0 points.'),
    ([0.9, 0.7], [0.5, 0.7],
     'After 2 epochs the fine-tuned net names 70.0% of the 200 test images correctly, its twin '
     'from scratch 70.0%: too near to each other for so few images to tell which one is better.'),
    ([0.66], [0.62],
     'After 1 epoch the fine-tuned net names 66.0% of the 200 test images correctly, its twin '
     'from scratch 62.0%: too near to each other for so few images to tell which one is better.'),
])
def test_the_sentence_says_what_the_numbers_say(one, other, sentence):
    assert demo.verdict(history(*one), history(*other), 200) == sentence


def test_both_nets_perfect_is_no_victory():
    assert 'too near' in demo.verdict(history(1.0), history(1.0), 200)


def test_table_has_both_nets_side_by_side():
    assert demo.table(history(0.5, 0.9), history(0.25, 0.6)).splitlines() == [
        '            fine-tuned                   from scratch',
        'epoch   loss  train acc  test acc    loss  train acc  test acc',
        '    1  0.500      0.750     0.500   0.500      0.750     0.250',
        '    2  0.500      0.750     0.900   0.500      0.750     0.600']


def test_report_names_what_was_written(quick):
    text = demo.report(quick)
    assert quick['sentence'] in text
    assert demo.table(quick['fine_tuned'], quick['scratch']) in text
    for path in (os.path.join(quick['out'], 'curves.png'), quick['source_file']):
        assert path in text
