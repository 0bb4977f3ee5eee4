"""The chapter's data sets are found, downloaded and unpacked once, for any number of callers."""
import hashlib
import os
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from gluon_finetune.data.folders import hotdog
from gluon_finetune.data.hub import DATA_HUB, DATA_URL, download, download_extract
from gluon_finetune.errors import UsageError, WorkError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', str(tmp_path / 'cache'))
    return tmp_path / 'cache'


@pytest.fixture
def archive(chairs, tmp_path):
    """hotdog.zip, which holds hotdog/train and hotdog/test, as the chapter's does."""
    path = tmp_path / 'elsewhere' / 'hotdog.zip'
    path.parent.mkdir()
    with zipfile.ZipFile(path, 'w') as file:
        for image in sorted(chairs.rglob('*.jpg')):
            file.write(image, f'hotdog/{image.relative_to(chairs)}')
    return path


@pytest.fixture
def hub(site, archive, cache, monkeypatch):
    """The server has hotdog.zip, and DATA_HUB says so."""
    site.files['hotdog.zip'] = archive.read_bytes()
    monkeypatch.setitem(DATA_HUB, 'hotdog', (site.url + 'hotdog.zip', sha1(archive)))
    return site


def sha1(path):
    return hashlib.sha1(path.read_bytes()).hexdigest()


def test_the_chapters_archive():
    assert DATA_HUB['hotdog'] == (DATA_URL + 'hotdog.zip',
                                  'fba480ffa8aa7e0febbb511d181409f899b9baa5')


def test_it_is_downloaded_and_unpacked_once(hub, cache, archive):
    folder = download_extract('hotdog')
    assert folder == str(cache / f'hotdog-{sha1(archive)[:8]}' / 'hotdog')
    assert sorted(os.listdir(folder)) == ['test', 'train']
    assert download_extract('hotdog') == folder and len(hub.asked) == 1
    assert len(hotdog(seed=1).train) == 24
    assert download_extract('hotdog', 'hotdog/train') == os.path.join(folder, 'train')


def test_download_gives_the_file_in_a_folder_of_choice(hub, tmp_path, archive):
    path = download('hotdog', str(tmp_path / 'here'))
    assert path == str(tmp_path / 'here' / 'hotdog.zip')
    assert sha1(tmp_path / 'here' / 'hotdog.zip') == sha1(archive)


def test_of_several_at_once_one_downloads_and_the_rest_wait(hub, cache):
    """Threads stand for processes: the lock belongs to the open file, and each opens its own."""
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(download_extract, ['hotdog'] * 4))
    assert len(folders) == 1 and hub.asked == [None]
    assert not [name for name in os.listdir(cache) if name.endswith('.part')]


def test_without_network_the_error_says_what_to_download_and_where_to(hub, cache, archive):
    hub.close()
    with pytest.raises(WorkError) as caught:
        hotdog()
    assert str(caught.value) == (
        f'cannot download {hub.url}hotdog.zip (Connection refused): download it yourself to '
        f'{cache}/hotdog.zip, or set GLUON_FINETUNE_DATA to a local copy')
    shutil.copy(archive, cache / 'hotdog.zip')
    assert len(hotdog().train) == 24


def test_a_file_in_the_cache_that_is_another(hub, cache, archive):
    cache.mkdir()
    (cache / 'hotdog.zip').write_bytes(b'half of it')
    with pytest.raises(WorkError) as caught:
        download('hotdog')
    assert str(caught.value) == (
        f'{cache}/hotdog.zip has SHA-1 {sha1(cache / "hotdog.zip")} instead of {sha1(archive)}: it '
        'is corrupt or another file; delete it and try again')


@pytest.mark.parametrize('scheme', ['', 'file://'])
def test_a_local_archive_in_the_hub(archive, cache, monkeypatch, scheme):
    monkeypatch.setitem(DATA_HUB, 'chairs', (scheme + str(archive), None))
    assert download('chairs') == str(archive)
    folder = download_extract('chairs')
    assert folder == str(cache / f'chairs-{sha1(archive)[:8]}' / 'hotdog')
    os.remove(archive)
    with pytest.raises(UsageError) as caught:
        download('chairs')
    assert str(caught.value) == f"no such file: {archive} (the URL of 'chairs' in DATA_HUB)"


def test_a_name_that_is_not_in_the_hub(cache):
    with pytest.raises(UsageError) as caught:
        download_extract('hotdogs')
    assert str(caught.value) == (
        "unknown data set 'hotdogs'; known data sets: hotdog; add yours as DATA_HUB[name] = (url, "
        'sha1)')


@pytest.mark.parametrize('copy', ['hotdog', '', 'hotdog.zip', 'archive itself', 'renamed archive'])
def test_a_local_copy_is_used_as_it_is(chairs, archive, tmp_path, cache, monkeypatch, copy):
    own = archive.parent
    if copy in ('hotdog', ''):
        shutil.copytree(chairs, own / 'own' / copy)
        own = own / 'own'
    elif copy == 'archive itself':
        own = archive
    elif copy == 'renamed archive':
        own = archive.rename(own / 'photos.zip')
    monkeypatch.setenv('GLUON_FINETUNE_DATA', str(own))
    folders = hotdog()
    assert (len(folders.train), len(folders.test)) == (24, 12)
    if copy in ('hotdog', ''):
        assert folders.root == os.path.join(str(own), copy).rstrip('/') and not cache.exists()


@pytest.mark.parametrize('name', ['nothing', 'empty'])
def test_a_local_copy_that_does_not_exist(tmp_path, monkeypatch, name):
    (tmp_path / 'empty').mkdir()
    monkeypatch.setenv('GLUON_FINETUNE_DATA', str(tmp_path / name))
    with pytest.raises(UsageError) as caught:
        hotdog()
    assert str(caught.value) == (
        f'GLUON_FINETUNE_DATA is {tmp_path}/{name}: expected the archive hotdog.zip, or a folder '
        'with train/, hotdog/ or hotdog.zip in it')


def test_an_archive_of_several_folders(archive, cache, monkeypatch):
    with zipfile.ZipFile(archive, 'a') as file:
        file.writestr('__MACOSX/._hotdog', '')
        file.writestr('notes/readme.txt', '')
    monkeypatch.setitem(DATA_HUB, 'chairs', (str(archive), None))
    folder = download_extract('chairs')
    assert sorted(os.listdir(folder)) == ['__MACOSX', 'hotdog', 'notes']
    assert download_extract('chairs', 'notes') == os.path.join(folder, 'notes')
    with pytest.raises(UsageError) as caught:
        download_extract('chairs', 'sofas')
    assert str(caught.value) == (
        f'no folder sofas in {folder}; it contains __MACOSX, hotdog, notes')


def test_a_cache_that_cannot_be_written(hub, archive, monkeypatch):
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', str(archive))
    with pytest.raises(WorkError) as caught:
        hotdog()
    assert str(caught.value) == (f'cannot write to {archive} (File exists): set '
                                 'GLUON_FINETUNE_CACHE to another folder')


@pytest.mark.network
def test_the_chapters_archive_is_where_it_was(cache):
    folders = hotdog()
    assert (len(folders.train), len(folders.test)) == (2000, 800)
    assert folders.check(progress=False) == []
