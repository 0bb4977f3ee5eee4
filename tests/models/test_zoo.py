import functools
import hashlib
import http.server
import os
import re
import threading
import zipfile
from pathlib import Path

import pytest

from gluon_finetune import UsageError, WorkError, network_names, source_net
from gluon_finetune.compat import gluoncv, mx
from gluon_finetune.models.zoo import GLUON, GLUONCV, build_net, network_of_file, zoo_file

TINY = 'mobilenetv2_0.25'


def test_every_classifier_of_gluon_is_known():
    assert set(GLUON) == set(mx.gluon.model_zoo.model_store._model_sha1)


@pytest.mark.mxnet1
def test_what_gluoncv_adds_exists_and_is_not_in_gluon():
    assert set(GLUONCV) <= set(gluoncv().model_zoo.get_model_list())
    assert not set(GLUONCV) & set(GLUON) and len(network_names()) == 113


@pytest.mark.parametrize('file, name', [
    ('resnet18_v2-a81db45f.params', 'resnet18_v2'), ('/a/b/resnet18_v2.params', 'resnet18_v2'),
    ('mobilenetv2_1.0-imagenet.params', 'mobilenetv2_1.0'),
    ('mobilenet1.0.params', 'mobilenet1.0'), ('resnet18_v1b_0.89-x.params', 'resnet18_v1b_0.89'),
    ('resnet18_v1b_2.6x-x.params', 'resnet18_v1b_0.89'), ('hrnet_w18_cls-x.params', 'hrnet_w18_c'),
    ('vgg16_bn-1.params', 'vgg16_bn'), ('vgg16-1.params', 'vgg16'),
    ('mobilenet1.0_int8.params', None), ('my.params', None), ('xresnet18_v2.params', None)])
def test_reads_the_network_off_a_file_name(file, name):
    assert network_of_file(file) == name


@pytest.mark.parametrize('name, hint', [
    ('resnet18v2', 'did you mean resnet18_v2 or '), ('qqq', 'network_names() lists them all')])
def test_an_unknown_name_gets_a_hint(name, hint):
    for ask in (build_net, zoo_file, source_net):
        with pytest.raises(UsageError, match=re.escape(f'no network is called {name!r}: {hint}')):
            ask(name)


@pytest.mark.mxnet1
def test_says_when_the_zoo_has_no_weights():
    with pytest.raises(UsageError, match=re.escape(
            'the zoo has no pretrained weights for shufflenet_v1: pass a file with weights, or '
            "train from nothing with scratch_net('shufflenet_v1')")):
        zoo_file('shufflenet_v1')


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty store of weights and no zoo to fetch them from."""
    monkeypatch.setenv('MXNET_HOME', str(tmp_path / 'home'))
    monkeypatch.setenv('MXNET_GLUON_REPO', 'http://127.0.0.1:9/')
    return tmp_path / 'home' / 'models'


@pytest.mark.parametrize('name, file', [('resnet18_v2', 'resnet18_v2-a81db45f.params'),
                                        pytest.param(
                                            'hrnet_w18_c', 'hrnet_w18_cls-HASH.params',
                                            marks=pytest.mark.mxnet1)])
def test_without_a_network_says_what_to_put_where(store, name, file):
    if 'HASH' in file:
        file = file.replace('HASH', gluoncv().model_zoo.model_store.short_hash('hrnet_w18_cls'))
    with pytest.raises(WorkError) as caught:
        source_net(name)
    before, _, after = str(caught.value).partition(' (ConnectionError: ')
    assert before == f'the pretrained weights of {name} cannot be fetched'
    assert after.endswith(f'): put {file} into {store}, set MXNET_GLUON_REPO to a mirror of the '
                          f'zoo, or give a local file as the source')


@pytest.fixture
def mirror(tmp_path, tiny_source, monkeypatch, store):
    """A zoo on this machine with one network."""
    content = Path(tiny_source).read_bytes()
    sha1 = hashlib.sha1(content).hexdigest()
    monkeypatch.setitem(mx.gluon.model_zoo.model_store._model_sha1, TINY, sha1)
    folder = tmp_path / 'mirror' / 'gluon' / 'models'
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / f'{TINY}-{sha1[:8]}.zip', 'w') as archive:
        archive.writestr(f'{TINY}-{sha1[:8]}.params', content)
    handler = functools.partial(Quiet, directory=str(tmp_path / 'mirror'))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        monkeypatch.setenv('MXNET_GLUON_REPO', f'http://127.0.0.1:{server.server_port}')
        yield store / f'{TINY}-{sha1[:8]}.params'
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def test_fetches_from_a_mirror_and_keeps_the_file(mirror, monkeypatch):
    assert zoo_file(TINY) == str(mirror)
    monkeypatch.setenv('MXNET_GLUON_REPO', 'http://127.0.0.1:9/')
    net = source_net(TINY)
    assert net.network == TINY and net.output[0].weight.shape[0] == 7


def test_a_file_with_another_sha1_is_refused(mirror, monkeypatch):
    monkeypatch.setitem(mx.gluon.model_zoo.model_store._model_sha1, TINY,
                        mirror.stem[-8:] + 32 * '0')
    with pytest.raises(WorkError, match=r'\(ValueError: Downloaded file has different hash'):
        zoo_file(TINY)


def test_a_mirror_without_the_file(mirror):
    with pytest.raises(WorkError, match=r'\(RuntimeError: Failed downloading url .*/alexnet-'):
        zoo_file('alexnet')
    assert os.listdir(mirror.parent) == []


@pytest.mark.mxnet1
def test_dropblock_is_off():
    rates = []
    build_net('resnest26').apply(lambda block: rates.append(getattr(block, 'drop_prob', None)))
    assert {rate for rate in rates if rate is not None} == {0}
