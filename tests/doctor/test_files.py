import hashlib
import http.server
import os
import threading

import pytest

from gluon_finetune.doctor import files
from gluon_finetune.doctor.ask import ask
from gluon_finetune.doctor.finding import bad, ok, warn


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv('MXNET_HOME', str(tmp_path / 'mxnet'))
    monkeypatch.setenv('GLUON_FINETUNE_CACHE', str(tmp_path / 'cache' / 'deep'))
    monkeypatch.delenv('MXNET_GLUON_REPO', raising=False)
    return tmp_path


@pytest.fixture
def nobody(places):
    """Run as a user without permission; root has all of them."""
    places.chmod(0o755)
    root = hasattr(os, 'geteuid') and os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


# Caches

def test_caches_that_can_be_written_are_not_made_by_looking(places):
    weights, data = files.folders()
    assert (weights.level, data.level) == ('ok', 'ok')
    assert weights.value.startswith(f'{places}/mxnet/models, ') and data.value.endswith(' GB free')
    assert os.listdir(places) == []


def test_no_permission_to_write(places, nobody):
    assert files.folders() == [
        bad('weights', f'cannot write to {places}/mxnet/models (Permission denied)',
            'set MXNET_HOME to a folder that you may write to'),
        bad('data', f'cannot write to {places}/cache/deep (Permission denied)',
            'set GLUON_FINETUNE_CACHE to a folder that you may write to')]


def test_a_file_where_the_cache_should_be(places):
    (places / 'cache').write_text('')
    assert files.folders()[1] == bad(
        'data', f'cannot write to {places}/cache/deep (Not a directory)',
        'set GLUON_FINETUNE_CACHE to a folder that you may write to')


# Weights

def test_no_weights_yet():
    assert files.weights() == [ok('networks', 'none of the zoo yet')]


def test_truncated_weights(places):
    folder, content = places / 'mxnet' / 'models', b'weights' * 1000
    sha1 = hashlib.sha1(content).hexdigest()
    folder.mkdir(parents=True)
    intact, cut = folder / f'resnet18_v2-{sha1[:8]}.params', folder / f'vgg11-{sha1[:8]}.params'
    for path in (intact, cut, folder / 'vgg11-mine.params', folder / 'vgg11.zip'):
        path.write_bytes(content)
    os.truncate(cut, 5000)
    found = hashlib.sha1(content[:5000]).hexdigest()[:8]
    assert files.weights() == [
        ok('networks', f'{intact.name}, vgg11-mine.params'),
        bad('networks', f'{cut.name} is corrupt: 5000 bytes with SHA-1 {found}... instead of '
            f'{sha1[:8]}...', f'rm {cut}, and it is downloaded again')]
    intact.unlink()
    (folder / 'vgg11-mine.params').unlink()
    assert [finding.level for finding in files.weights()] == ['bad']


def test_weights_that_cannot_be_read(places):
    (places / 'mxnet' / 'models' / 'vgg11-01234567.params').mkdir(parents=True)
    path = places / 'mxnet' / 'models' / 'vgg11-01234567.params'
    assert files.weights() == [
        bad('networks', f'{path} cannot be read (Is a directory)', f'rm {path}')]


# Hosts

class Shop(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_response(200 if 'resnet18_v2-a81db45f.zip' in self.path else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def shop():
    with http.server.HTTPServer(('127.0.0.1', 0), Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'127.0.0.1:{server.server_port}'
        server.shutdown()


def test_a_host_that_answers_and_one_that_lacks_the_file(shop, monkeypatch):
    monkeypatch.setenv('MXNET_GLUON_REPO', f'http://{shop}/mirror')
    name, url, remedy = files.hosts()[0]
    assert url == f'http://{shop}/mirror/gluon/models/resnet18_v2-a81db45f.zip'
    assert files.host(name, url, remedy, ask('address', url)) == ok('zoo host', f'{shop} answers')
    url = f'http://{shop}/nothing.zip'
    assert files.host(name, url, remedy, ask('address', url)) == warn(
        'zoo host', f'{shop} answers with status 404', remedy)


def test_a_host_that_does_not_answer(places):
    name, _, remedy = files.hosts()[1]
    url = 'http://127.0.0.1:9/hotdog.zip'   # the port that discards what it gets, and is closed
    assert files.host(name, url, remedy, ask('address', url)) == warn(
        'data host', '127.0.0.1:9 does not answer (Connection refused)',
        f'put hotdog.zip into {places}/cache/deep, or set GLUON_FINETUNE_DATA to a copy')
