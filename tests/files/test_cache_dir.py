import os

from gluon_finetune.files.cache_dir import cache_dir


def test_the_cache_is_where_the_user_says(monkeypatch):
    monkeypatch.setenv('HOME', '/home/someone')
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', '~/elsewhere')
    assert cache_dir() == '/home/someone/elsewhere'
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', '')
    assert cache_dir() == os.path.join('/home/someone', '.cache', 'gluon_finetune')
