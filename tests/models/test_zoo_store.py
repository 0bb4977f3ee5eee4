"""The zoo's weights are downloaded once, whatever breaks on the way, and are the right ones."""
import hashlib
import io
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from full_disk import small_disk

from gluon_finetune import UsageError, WorkError, source_net
from gluon_finetune.compat.imports import MXNET_2, gluoncv, mx
from gluon_finetune.models import zoo_store
from gluon_finetune.models.zoo import zoo_file

pytestmark = pytest.mark.faults
TINY = 'mobilenetv2_0.25'


@pytest.fixture
def store(tmp_path, monkeypatch, site):
    """An empty store of weights and a mirror that has no files."""
    monkeypatch.setenv('MXNET_HOME', str(tmp_path / 'home'))
    monkeypatch.setenv('MXNET_GLUON_REPO', site.url)
    return tmp_path / 'home' / 'models'


@pytest.fixture
def tiny(site, tiny_source, monkeypatch, store):
    """Path at which the one network of the mirror will be."""
    content = Path(tiny_source).read_bytes()
    sha1 = hashlib.sha1(content).hexdigest()
    monkeypatch.setitem(mx.gluon.model_zoo.model_store._model_sha1, TINY, sha1)
    path = store / f'{TINY}-{sha1[:8]}.params'
    site.files[f'gluon/models/{path.stem}.zip'] = zipped({path.name: content})
    return path


def zipped(files, kind=zipfile.ZIP_STORED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, 'w', kind) as archive:
        for name, value in files.items():
            archive.writestr(name, value)
    return content.getvalue()


def refused(name=TINY):
    with pytest.raises(WorkError) as caught:
        zoo_file(name)
    return str(caught.value)


def advice(path):
    return (f'put {path.name} into {path.parent}, set MXNET_GLUON_REPO to a mirror of the zoo, or '
            f'give a local file as the source')


@pytest.mark.parametrize('name, file', [('resnet18_v2', 'resnet18_v2-a81db45f'),
                                        pytest.param('hrnet_w18_c', 'hrnet_w18_cls-HASH',
                                                     marks=pytest.mark.mxnet1)])
def test_without_a_network_the_error_says_which_file_goes_where(store, site, name, file):
    if 'HASH' in file:
        file = file.replace('HASH', gluoncv().model_zoo.model_store.short_hash('hrnet_w18_cls'))
    site.close()
    with pytest.raises(WorkError) as caught:
        source_net(name)
    assert str(caught.value) == (
        f'cannot download {site.url}gluon/models/{file}.zip (Connection refused): '
        + advice(store / f'{file}.params'))
    assert os.listdir(store) == []


def test_it_is_where_mxnet_would_look_for_it(store):
    asked, stores = [], [mx.gluon.model_zoo.model_store]
    if not MXNET_2:
        stores.append(gluoncv().model_zoo.model_store)
    for module in stores:
        name = next(iter(module._model_sha1))
        asked.append(module._url_format.format(
            repo_url=module.apache_repo_url, file_name=f'{name}-{module.short_hash(name)}'))
        file = f'{name}-{module.short_hash(name)}.params'
        assert zoo_store._url(module, file).endswith(asked[-1][len(module.apache_repo_url):])


def test_a_file_is_downloaded_once_from_a_mirror(tiny, site):
    assert zoo_file(TINY) == str(tiny)
    assert mx.gluon.model_zoo.model_store.get_model_file(TINY, root=str(tiny.parent)) == str(tiny)
    net = source_net(TINY)
    assert net.network == TINY and net.output[0].weight.shape[0] == 7
    assert site.asked == [None] and os.listdir(tiny.parent) == [tiny.name]


def test_a_break_is_resumed(tiny, site):
    site.faults = ['break', 503]
    zoo_file(TINY)
    assert len(site.asked) == 3 and site.asked[1] == site.asked[2] != site.asked[0]


def test_a_break_is_resumed_by_the_next_call(tiny, site):
    site.faults = ['break', 404]
    assert refused().endswith(' (404 Not Found): ' + advice(tiny))
    assert os.listdir(tiny.parent) == [tiny.stem + '.zip.part']
    assert zoo_file(TINY) == str(tiny) and site.asked[-1].startswith('bytes=')
    assert os.listdir(tiny.parent) == [tiny.name]


def test_of_several_at_once_one_downloads(tiny, site):
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(zoo_file, [TINY] * 4)) == {str(tiny)}
    assert site.asked == [None] and os.listdir(tiny.parent) == [tiny.name]


def test_a_corrupt_file_is_replaced(tiny):
    tiny.parent.mkdir(parents=True)
    tiny.write_bytes(b'corrupt')
    zoo_file(TINY)
    assert tiny.stat().st_size > 1000


def test_other_weights_are_refused_and_the_old_file_stays(tiny, site):
    tiny.parent.mkdir(parents=True)
    tiny.write_bytes(b'the old one')
    url, = site.files
    site.files[url] = zipped({tiny.name: b'others'})
    found = hashlib.sha1(b'others').hexdigest()
    sha1 = mx.gluon.model_zoo.model_store._model_sha1[TINY]
    assert refused() == (
        f'{site.url}{url} was downloaded twice with SHA-1 {found} instead of {sha1}: the file on '
        f'the server has changed, or a proxy changes it; {advice(tiny)}')
    assert os.listdir(tiny.parent) == [tiny.name] and tiny.read_bytes() == b'the old one'


@pytest.mark.parametrize('content', [
    b'<html>log in</html>', zipped({'other': b''}), zipped({'../../../evil': b''})])
def test_a_file_that_is_not_a_zip_of_weights(tiny, site, content):
    url, = site.files
    site.files[url] = content
    found = hashlib.sha1(content).hexdigest()
    assert (f'was downloaded twice with SHA-1 {found} (it is not a zip archive with {tiny.name}) '
            'instead') in refused()
    assert os.listdir(tiny.parent) == [] and not list(tiny.parents[2].rglob('evil'))


def test_a_bomb(tiny, site, monkeypatch):
    monkeypatch.setattr(zoo_store, 'MAX_BYTES', 1000)
    url, = site.files
    site.files[url] = zipped({tiny.name: bytes(1001)}, zipfile.ZIP_DEFLATED)
    assert f'(it is not a zip archive with {tiny.name})' in refused()


def test_a_mirror_that_is_not_a_url(tiny, monkeypatch):
    monkeypatch.setenv('MXNET_GLUON_REPO', 'file:///etc/')
    with pytest.raises(UsageError) as caught:
        zoo_file(TINY)
    assert str(caught.value) == (
        'MXNET_GLUON_REPO is file:///etc/: it must begin with http:// or https://; your own files '
        'belong in $MXNET_HOME/models')


def test_no_space(tiny, site, tmp_path, monkeypatch):
    size = (len(next(iter(site.files.values()))) * 3 // 2) >> 10
    with small_disk(tmp_path / 'disk', f'{size}k') as disk:
        monkeypatch.setenv('MXNET_HOME', str(disk))
        path = disk / 'models' / tiny.name
        assert refused() == (f'cannot write {path} (No space left on device): free space there '
                             f'and try again, or {advice(path)}')
        assert os.listdir(path.parent) == []
