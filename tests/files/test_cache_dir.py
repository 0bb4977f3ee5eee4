import os

import platformdirs
import pytest

from gluon_finetune.files.cache_dir import cache_dir


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.delenv('GLUON_FINETUNE_CACHE', raising=False)
    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    return str(tmp_path)


def test_the_environment_names_the_cache(home, monkeypatch):
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', '~/elsewhere')
    assert cache_dir() == os.path.join(home, 'elsewhere')


def test_the_default_is_the_cache_folder_of_the_system(home, monkeypatch):
    assert cache_dir() == os.path.join(home, '.cache', 'gluon_finetune')
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', '')
    monkeypatch.setattr(platformdirs, 'user_cache_dir', lambda name, appauthor: f'/Caches/{name}')
    assert cache_dir() == '/Caches/gluon_finetune'


def test_an_existing_cache_is_used(home, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', os.path.join(home, 'xdg'))
    assert cache_dir() == os.path.join(home, 'xdg', 'gluon_finetune')
    os.makedirs(os.path.join(home, '.cache', 'gluon_finetune'))
    assert cache_dir() == os.path.join(home, '.cache', 'gluon_finetune')
