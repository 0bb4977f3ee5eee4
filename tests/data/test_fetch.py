"""A file arrives whole and right through breaks and restarts, or the error says what to do."""
import hashlib
import os
import socket

import pytest
from tqdm import tqdm

from gluon_finetune.data import fetch as module
from gluon_finetune.data.fetch import fetch
from gluon_finetune.errors import WorkError

CONTENT = os.urandom(1_000_000)
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


def test_a_part_that_is_already_whole(site, path):
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


def test_other_content_is_removed_and_said(site, path):
    (path.parent / 'a.zip.part').write_bytes(b'stale')   # of another version of the file
    found = hashlib.sha1(b'stale' + CONTENT[5:]).hexdigest()
    assert refused(site, path) == (
        f'http://here/a.zip arrived with SHA-1 {found} instead of {SHA1} and was removed: '
        'try again; if it comes back the same, the file there has changed')
    assert os.listdir(path.parent) == []
    arrive(site, path)


def test_no_connection(site, path):
    site.close()
    assert refused(site, path) == ('cannot download http://here/a.zip (Connection refused): '
                                   'do it yourself')


def test_a_server_that_stops_answering(site, path, monkeypatch):
    monkeypatch.setattr(module, 'TIMEOUT', 0.05)
    monkeypatch.setattr(module, 'WAITS', ())
    with socket.create_server(('127.0.0.1', 0)) as silent:
        url = f'http://127.0.0.1:{silent.getsockname()[1]}/a.zip'
        with pytest.raises(WorkError, match=r'\(timed out\): do it yourself$'):
            fetch(url, str(path), SHA1, 'do it yourself')


def test_what_the_disk_refuses(site, path):
    (path.parent / 'a.zip.part').mkdir()
    assert refused(site, path) == f'cannot write {path}.part: Is a directory'


def test_the_bar_counts_what_was_there(site, path, monkeypatch):
    bars = []
    monkeypatch.setattr(module, 'tqdm', lambda **options: bars.append(options) or tqdm(**options))
    site.faults = ['break']
    arrive(site, path)
    assert [(bar['desc'], bar['initial'], bar['total']) for bar in bars] == [
        ('a.zip', 0, 1_000_000), ('a.zip', 500_000, 1_000_000)]


def test_waiting_grows():
    assert list(module.WAITS) == sorted(module.WAITS) and 3 <= len(module.WAITS) <= 5
