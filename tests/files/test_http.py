"""A file arrives complete and right through breaks and restarts, or the error says what to do."""
import hashlib
import os
import re
import socket

import pytest
import requests
import urllib3
from full_disk import small_disk
from tqdm import tqdm

from gluon_finetune.errors import WorkError
from gluon_finetune.files import http as module
from gluon_finetune.files import http_session
from gluon_finetune.files.http import fetch

pytestmark = pytest.mark.faults
CONTENT = os.urandom(1_000_000)
RETRY = module.RETRY   # not that of the fixture `site`
SHA1 = hashlib.sha1(CONTENT).hexdigest()
NOT_FOUND = 'cannot download http://here/a.zip (404 Not Found): do it yourself'


@pytest.fixture
def path(tmp_path, site):
    site.files['a.zip'] = CONTENT
    return tmp_path / 'a.zip'


def arrive(site, path, sha1=SHA1):
    fetch(site.url + 'a.zip', str(path), sha1, 'do it yourself')
    assert path.read_bytes() == CONTENT and os.listdir(path.parent) == ['a.zip']


def refused(site, path, sha1=SHA1):
    with pytest.raises(WorkError) as caught:
        fetch(site.url + 'a.zip', str(path), sha1, 'do it yourself')
    assert not path.exists()
    return str(caught.value).replace(site.url, 'http://here/')


def test_a_file_arrives(site, path):
    arrive(site, path)
    assert site.asked == [None]


def test_without_a_sha1_any_content_will_do(site, path):
    arrive(site, path, None)


def test_a_break_is_resumed_where_it_happened(site, path):
    site.faults = ['break', 'break']
    arrive(site, path)
    assert site.asked == [None, 'bytes=500000-', 'bytes=750000-']


def test_a_later_call_resumes_an_earlier_one(site, path):
    site.faults = ['break', 404]
    assert refused(site, path) == NOT_FOUND
    assert (path.parent / 'a.zip.part').stat().st_size == 500_000
    arrive(site, path)
    assert site.asked[-1] == 'bytes=500000-'


def test_a_server_that_does_not_resume_sends_it_all_again(site, path):
    site.ranges, site.faults = False, ['break']
    arrive(site, path)
    assert site.asked == [None, 'bytes=500000-']


def test_a_part_that_is_already_complete(site, path):
    (path.parent / 'a.zip.part').write_bytes(CONTENT)
    arrive(site, path)


def test_a_length_that_is_not_told(site, path):
    site.faults = ['no length']
    arrive(site, path)


def test_a_server_that_fails_for_a_while(site, path):
    site.faults = [503, 500, 429]
    arrive(site, path)


def test_the_last_try_ends_it(site, path):
    site.faults = [503] * 9
    assert refused(site, path) == (
        'cannot download http://here/a.zip (503 Service Unavailable): do it yourself')
    assert len(site.asked) == 4


def test_a_file_that_is_not_there_is_asked_for_once(site, path):
    site.files.clear()
    assert refused(site, path) == NOT_FOUND
    assert len(site.asked) == 1


def test_breaks_without_end(site, path):
    site.faults = ['break'] * 9
    assert refused(site, path) == ('cannot download http://here/a.zip (broke off after 937500 of '
                                   '1000000 bytes): do it yourself')


def test_a_part_of_another_file_is_noticed_and_fetched_anew(site, path):
    (path.parent / 'a.zip.part').write_bytes(b'stale')
    arrive(site, path)
    assert site.asked == ['bytes=5-', None]


def test_another_sha1_is_downloaded_once_more_and_then_an_error(site, path):
    site.files['a.zip'] = b'another'
    found = hashlib.sha1(b'another').hexdigest()
    assert refused(site, path) == (
        f'http://here/a.zip was downloaded twice with SHA-1 {found} instead of {SHA1}: the file on '
        'the server has changed, or a proxy changes it; do it yourself')
    assert os.listdir(path.parent) == [] and len(site.asked) == 2


def change_after_a_break(site, monkeypatch, version):
    """The server breaks off, and has another file of the same length when it is asked again."""
    site.version, site.faults = version[0], ['break']

    class Changing(urllib3.Retry):
        def sleep(self, response=None):
            site.files['a.zip'], site.version = bytes(len(CONTENT)), version[1]
    monkeypatch.setattr(module, 'RETRY', Changing(total=1))


@pytest.mark.parametrize('version, asked', [
    (({'ETag': '"1"'}, {'ETag': '"2"'}), 'bytes=500000-'),
    (({'Last-Modified': 'Mon, 01 Jan 2024 00:00:00 GMT'},
      {'Last-Modified': 'Tue, 02 Jan 2024 00:00:00 GMT'}), 'bytes=500000-'),
    (({'ETag': 'W/"1"'}, {'ETag': 'W/"1"'}), None), (({}, {}), None)])
def test_no_file_is_made_of_halves_of_two(site, path, monkeypatch, version, asked):
    change_after_a_break(site, monkeypatch, version)
    fetch(site.url + 'a.zip', str(path), None, 'do it yourself')
    assert path.read_bytes() == bytes(len(CONTENT)) and site.asked == [None, asked]


def test_halves_of_two_files_that_nobody_told_apart(site, path, monkeypatch):
    change_after_a_break(site, monkeypatch, ({}, {}))
    sha1 = hashlib.sha1(bytes(len(CONTENT))).hexdigest()
    fetch(site.url + 'a.zip', str(path), sha1, 'do it yourself')
    assert path.read_bytes() == bytes(len(CONTENT))
    assert site.asked == [None, 'bytes=500000-', None]


def test_a_file_that_became_shorter(site, path, monkeypatch):
    site.version, site.faults = {'ETag': '"1"'}, ['break', 416]
    fetch(site.url + 'a.zip', str(path), None, 'do it yourself')
    assert path.read_bytes() == CONTENT and site.asked == [None, 'bytes=500000-', None]


def test_without_a_sha1_nothing_of_an_earlier_call_is_used_or_left(site, path):
    (path.parent / 'a.zip.part').write_bytes(b'stale')
    arrive(site, path, None)
    path.unlink()
    site.faults = ['break', 404]
    assert refused(site, path, None) == NOT_FOUND and os.listdir(path.parent) == []


def test_a_server_that_resumes_at_another_byte(site, path):
    site.faults = ['break', 'another byte']
    arrive(site, path)
    assert site.asked == [None, 'bytes=500000-', None]


def test_no_connection(site, path):
    site.close()
    assert refused(site, path) == ('cannot download http://here/a.zip (Connection refused): '
                                   'do it yourself')


def test_a_server_that_stops_answering(site, path, monkeypatch):
    monkeypatch.setattr(http_session, 'READ_TIMEOUT_S', 0.05)
    monkeypatch.setattr(module, 'RETRY', urllib3.Retry(total=0))
    with socket.create_server(('127.0.0.1', 0)) as silent:
        url = f'http://127.0.0.1:{silent.getsockname()[1]}/a.zip'
        with pytest.raises(WorkError, match=r'\(timed out\): do it yourself$'):
            fetch(url, str(path), SHA1, 'do it yourself')


@pytest.mark.parametrize('fault', ['trickle', 'slow head'])
@pytest.mark.parametrize('sha1', [SHA1, None], ids=['sha1', 'no sha1'])
def test_a_server_that_trickles(site, path, monkeypatch, fault, sha1):
    monkeypatch.setattr(http_session, 'WINDOW_S', 0.1)
    monkeypatch.setattr(module, 'RETRY', urllib3.Retry(total=1))
    site.faults = [fault] * 2
    assert refused(site, path, sha1) == (
        'cannot download http://here/a.zip (fewer than 10000 bytes in 0.1 seconds): '
        'do it yourself')
    assert len(site.asked) == 2


def test_what_trickled_is_resumed(site, path, monkeypatch):
    monkeypatch.setattr(http_session, 'WINDOW_S', 0.1)
    monkeypatch.setattr(module, 'CHUNK_BYTES', 1)
    site.files['a.zip'], site.faults = CONTENT[:1000], ['trickle']
    fetch(site.url + 'a.zip', str(path), hashlib.sha1(CONTENT[:1000]).hexdigest(), '')
    assert site.asked[0] is None and int(site.asked[1][6:-1]) > 0


def test_a_redirect_is_followed(site, path):
    site.faults = [site.url + 'a.zip']
    arrive(site, path)
    assert len(site.asked) == 2


def test_a_redirect_without_end(site, path):
    site.faults = [site.url + 'a.zip'] * 50
    assert refused(site, path) == (
        'cannot download http://here/a.zip (more than 10 redirects): do it yourself')
    assert len(site.asked) == 11 and os.listdir(path.parent) == []


def test_a_redirect_without_end_that_is_no_circle(site, path):
    site.faults = [f'{site.url}{i}' for i in range(50)]
    assert '(more than 10 redirects)' in refused(site, path)
    assert len(site.asked) == 11


@pytest.mark.parametrize('to', ['file://{0}', 'file://localhost{0}', 'ftp://127.0.0.1{0}',
                                'data:text/plain,secret'])
def test_a_redirect_away_from_the_network(site, path, to):
    secret = path.parent / 'secret'
    secret.write_bytes(CONTENT)
    to = to.format(secret)
    site.faults = [to]
    assert refused(site, path) == (f"cannot download http://here/a.zip (302 Found: redirect to "
                                   f"'{to}' is not allowed): do it yourself")
    assert len(site.asked) == 1 and os.listdir(path.parent) == ['secret']


@pytest.mark.parametrize('to', ['http://[::1', 'http://a:b/', 'http://' + 'x' * 70 + '.y/'])
def test_a_redirect_to_no_address(site, path, to):
    site.faults = [to] * 9
    assert re.fullmatch(r'cannot download http://here/a\.zip \(.+\): do it yourself',
                        refused(site, path))


def test_a_range_that_was_not_asked_for(site, path):
    site.faults = [206, 206]
    arrive(site, path)


def test_a_redirect_from_https_to_http():
    check, = http_session.new_session().hooks['response']
    response = requests.Response()
    response.status_code, response.url = 302, 'https://safe/a'
    response.raw = urllib3.HTTPResponse()
    response.headers['Location'] = 'http://safe/a'
    with pytest.raises(http_session.RequestFailed) as caught:
        check(response)
    assert str(caught.value) == "302 Found: redirect to 'http://safe/a' is not allowed"
    response.headers['Location'] = 'https://other/a'
    check(response)


@pytest.mark.parametrize('fault', ['endless redirect', 'endless error'])
def test_a_body_without_end_is_not_read(site, path, fault):
    site.faults = [fault]
    arrive(site, path)
    assert len(site.asked) == 2


def test_a_file_in_chunks(site, path):
    site.faults = ['chunked']
    arrive(site, path)
    site.faults = ['chunked break'] * 4
    path.unlink()
    assert re.fullmatch(r'cannot download http://here/a\.zip \(broke off after 4\d{5} of an '
                        r'unknown number of bytes\): do it yourself', refused(site, path))


def test_the_file_is_asked_for_as_it_is(site, path):
    arrive(site, path)
    assert site.encodings == ['identity']


def test_no_space(site, tmp_path):
    with small_disk(tmp_path / 'disk', '512k') as disk:
        site.files['a.zip'] = CONTENT
        with pytest.raises(WorkError) as caught:
            fetch(site.url + 'a.zip', str(disk / 'a.zip'), SHA1, 'do it yourself')
        assert str(caught.value) == (
            f'cannot write {disk}/a.zip.part (No space left on device): free space in {disk} '
            'and try again, or do it yourself')
        assert os.listdir(disk) == ['a.zip.part']   # to be resumed
        with pytest.raises(WorkError, match='free space in'):
            fetch(site.url + 'a.zip', str(disk / 'a.zip'), None, 'do it yourself')
        assert os.listdir(disk) == []


def test_what_the_disk_refuses(site, path):
    (path.parent / 'a.zip.part').mkdir()
    assert refused(site, path) == f'cannot write {path}.part (Is a directory): do it yourself'


def test_the_bar_counts_what_was_there(site, path, monkeypatch):
    bars = []
    monkeypatch.setattr(module, 'tqdm', lambda **options: bars.append(options) or tqdm(**options))
    site.faults = ['break']
    arrive(site, path)
    assert [(bar['desc'], bar['initial'], bar['total']) for bar in bars] == [
        ('a.zip', 0, 1_000_000), ('a.zip', 500_000, 1_000_000)]


def test_waiting_grows():
    retry, waits = RETRY, []
    while retry.total:
        retry = retry.increment('GET', '/')
        waits.append(retry.get_backoff_time())
    assert waits == [0, 2, 4, 8]


def test_it_says_what_is_tried_before_it_waits(site, path, capsys):
    site.faults = [503, 'break']
    arrive(site, path)
    assert capsys.readouterr().err.replace(site.url, 'http://here/').splitlines() == [
        'downloading http://here/a.zip',
        '503 Service Unavailable: trying again in 0 s (1 of 3)',
        'broke off after 500000 of 1000000 bytes: trying again in 0 s (2 of 3)']


def test_a_host_that_does_not_exist_is_named_before_it_is_looked_up(site, path, capsys):
    def looked_up(*words, **options):
        assert capsys.readouterr().err == 'downloading http://nowhere.invalid/a.zip\n'
        raise module.RequestFailed('unknown host', final=True)
    original, module.get = module.get, looked_up
    try:
        with pytest.raises(WorkError):
            fetch('http://nowhere.invalid/a.zip', str(path), None, 'do it yourself')
    finally:
        module.get = original
