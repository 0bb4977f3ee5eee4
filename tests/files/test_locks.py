"""Of several processes one makes a thing; none waits for ever."""
import fcntl
import os
import subprocess
import sys

import pytest

from gluon_finetune.errors import WorkError
from gluon_finetune.files import locks as once
from gluon_finetune.files.locks import lock_to_create

pytestmark = pytest.mark.faults

FETCH = '''
import sys
from gluon_finetune.data.hub import DATA_HUB, download
DATA_HUB['a'] = (sys.argv[1], sys.argv[2])
print('ready', flush=True)
sys.stdin.readline()
print(download('a'))
'''


def start(code, *arguments, **environment):
    process = subprocess.Popen(
        [sys.executable, '-c', code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env={**os.environ, 'PYTHONPATH': os.getcwd(), **environment})
    assert process.stdout.readline() == 'ready\n'
    return process


def test_processes_that_want_one_file_get_one_download(site, tmp_path):
    site.files['a.bin'], site.faults = bytes(100), ['trickle']   # takes a second
    processes = [start(FETCH, site.url + 'a.bin', 'ed4a77d1b56a118938788fc53037759b6c501e3d',
                       GLUON_FINETUNE_CACHE=str(tmp_path)) for _ in range(3)]
    found = [process.communicate('\n', timeout=60)[0] for process in processes]
    assert found == [f'{tmp_path}/a.bin\n'] * 3
    assert site.asked == [None] and os.listdir(tmp_path) == ['a.bin']


def test_the_lock_goes_with_the_work_whatever_its_end(tmp_path):
    path = str(tmp_path / 'new' / 'a')
    with lock_to_create(path, '') as missing:
        assert missing and os.listdir(tmp_path / 'new') == ['a.lock']
        open(path, 'w').close()
    with lock_to_create(path, '') as missing:
        assert not missing
    with pytest.raises(KeyboardInterrupt):
        with lock_to_create(path, '', made=lambda path: False):
            raise KeyboardInterrupt
    assert os.listdir(tmp_path / 'new') == ['a']


KILLED = '''
import sys, time
from gluon_finetune.files.locks import lock_to_create
with lock_to_create(sys.argv[1], ''):
    print('ready', flush=True)
    time.sleep(1000)
'''


def test_a_holder_that_is_killed_holds_nobody_up(tmp_path):
    process = start(KILLED, str(tmp_path / 'a'))
    process.kill()
    process.communicate(timeout=60)
    assert os.listdir(tmp_path) == ['a.lock']
    with lock_to_create(str(tmp_path / 'a'), '') as missing:
        assert missing
    assert os.listdir(tmp_path) == []


def test_a_holder_that_hangs_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(once, 'LOCK_TIMEOUT_S', 0.3)
    with open(tmp_path / 'a.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(WorkError) as caught:
            with lock_to_create(str(tmp_path / 'a'), ''):
                pass
    assert str(caught.value) == (f'another process has been making {tmp_path}/a for 0.3 seconds: '
                                 'wait for it or end it, and try again')


def test_a_lock_that_its_holder_removed_is_none(tmp_path, monkeypatch):
    """The holder removes it between our opening of the file and our locking."""
    waits = []

    def wait(lock, path):
        if not waits:
            os.remove(lock.name)
        waits.append(lock.name)
    monkeypatch.setattr(once, '_wait_for', wait)
    with lock_to_create(str(tmp_path / 'a'), '') as missing:
        assert missing and len(waits) == 2
