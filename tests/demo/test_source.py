import os

from gluon_finetune import demo
from gluon_finetune.demo import source


def test_the_second_demo_takes_the_source_from_the_cache(quick, tmp_path, monkeypatch):
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


def test_a_corrupt_source_is_made_again_and_a_changed_recipe_is_another_file(tmp_path, monkeypatch):
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', str(tmp_path / 'new' / 'cache'))
    made = []

    class Net:
        def save_parameters(self, path):
            made.append(path)
            with open(path, 'wb') as file:
                file.write(b'weights')
    monkeypatch.setattr(source, 'pretrain', lambda source, progress: (Net(), ['a', 'b']))

    path = source.pretrained_file(progress=False)
    assert os.path.basename(path).startswith('resnet18_v2-')
    assert source.pretrained_file(progress=False) == path and len(made) == 1
    with open(path, 'wb') as file:
        file.write(b'wrights')
    assert source.pretrained_file(progress=False) == path and len(made) == 2
    with open(path, 'rb') as file:
        assert file.read() == b'weights'
    assert source.pretrained_file(source.Source(seed=1), progress=False) != path and len(made) == 3
    monkeypatch.setattr(source.inspect, 'getsource', lambda part: 'changed code')
    assert source.pretrained_file(progress=False) != path and len(made) == 4
