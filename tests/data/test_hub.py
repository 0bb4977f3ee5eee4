import hashlib
import os

from gluon_finetune.data.hub import cache_dir, file_sha1


def test_the_cache_is_where_the_user_says(monkeypatch):
    monkeypatch.setenv('HOME', '/home/someone')
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', '~/elsewhere')
    assert cache_dir() == '/home/someone/elsewhere'
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', '')
    assert cache_dir() == os.path.join('/home/someone', '.cache', 'gluon_finetune')


def test_file_sha1_of_more_than_one_chunk(tmp_path):
    (tmp_path / 'file').write_bytes(b'12345678' * 50000)
    assert file_sha1(str(tmp_path / 'file')) == hashlib.sha1(b'12345678' * 50000).hexdigest()
