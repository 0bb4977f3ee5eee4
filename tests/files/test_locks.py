"""Of several processes one creates a file or uses a folder; none waits forever."""
import os
import subprocess
import sys

import filelock
import pytest
from full_disk import small_disk

from gluon_finetune.errors import WorkError
from gluon_finetune.files import locks
from gluon_finetune.files.locks import lock_folder, lock_to_create

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


def test_the_lock_file_is_removed_at_any_end(tmp_path):
    path = str(tmp_path / 'new' / 'a')
    with lock_to_create(path, '') as missing:
        assert missing and os.listdir(tmp_path / 'new') == ['a.lock']
        open(path, 'w').close()
    with lock_to_create(path, '') as missing:
        assert not missing
    with pytest.raises(KeyboardInterrupt):
        with lock_to_create(path, '', exists=lambda path: False):
            raise KeyboardInterrupt
    assert os.listdir(tmp_path / 'new') == ['a']


KILLED = '''
import sys, time
from gluon_finetune.files.locks import lock_to_create
with lock_to_create(sys.argv[1], ''):
    print('ready', flush=True)
    time.sleep(1000)
'''


def test_a_killed_holder_blocks_nobody(tmp_path):
    process = start(KILLED, str(tmp_path / 'a'))
    process.kill()
    process.communicate(timeout=60)
    assert os.listdir(tmp_path) == ['a.lock']
    with lock_to_create(str(tmp_path / 'a'), '') as missing:
        assert missing
    assert os.listdir(tmp_path) == []


def test_a_holder_that_hangs_is_not_waited_for_forever(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, 'LOCK_TIMEOUT_S', 0.3)
    process = start(KILLED, str(tmp_path / 'a'))
    with pytest.raises(WorkError) as caught:
        with lock_to_create(str(tmp_path / 'a'), ''):
            pass
    process.kill()
    process.communicate(timeout=60)
    assert str(caught.value) == (
        f'{tmp_path}/a has been locked by another process for 0.3 seconds: wait for it to finish, '
        'or stop it, and try again')


@pytest.mark.parametrize('lock', [lock_folder, lambda folder: lock_to_create(f'{folder}/a', '')])
def test_a_lock_file_that_its_holder_removed_is_none(tmp_path, monkeypatch, lock):
    """The holder removes it after our process has opened and before it has locked it."""
    acquired, acquire = [], filelock.FileLock.acquire

    def acquire_late(self, **options):
        acquire(self, **options)
        acquired.append(self.lock_file)
        if len(acquired) == 1:
            os.remove(self.lock_file)
    monkeypatch.setattr(filelock.FileLock, 'acquire', acquire_late)
    with lock(str(tmp_path)):
        assert len(acquired) == 2 and os.path.exists(acquired[1])


FOLDER = '''
import sys, time
from gluon_finetune.files.locks import lock_folder
with lock_folder(sys.argv[1]):
    print('ready', flush=True)
    time.sleep(1000)
'''


def test_a_folder_is_locked_by_one_process_until_it_ends(tmp_path):
    process = start(FOLDER, str(tmp_path))
    with pytest.raises(WorkError) as caught:
        with lock_folder(str(tmp_path)):
            pass
    assert str(caught.value) == (f'{tmp_path} is locked by another process: wait for it to finish, '
                                 'or stop it')
    process.kill()
    process.communicate(timeout=60)
    with lock_folder(str(tmp_path)):
        assert os.listdir(tmp_path) == ['.lock']
    assert os.listdir(tmp_path) == []


def test_a_process_locks_a_folder_as_often_as_it_likes(tmp_path):
    os.symlink(tmp_path, tmp_path.parent / 'link')
    with lock_folder(str(tmp_path)):
        with lock_folder(str(tmp_path.parent / 'link')):
            pass
        assert os.listdir(tmp_path) == ['.lock']
    assert os.listdir(tmp_path) == []


def test_a_lock_file_that_is_a_link_leads_nowhere(tmp_path):
    (tmp_path / 'run').mkdir()
    (tmp_path / 'mine').write_text('mine')
    (tmp_path / 'run' / '.lock').symlink_to(tmp_path / 'mine')
    with lock_folder(str(tmp_path / 'run')):
        pass
    assert (tmp_path / 'mine').read_text() == 'mine' and os.listdir(tmp_path / 'run') == []


def test_a_folder_that_cannot_be_locked_is_used_all_the_same(tmp_path):
    with lock_folder(str(tmp_path / 'gone')):
        assert os.listdir(tmp_path) == []
    with small_disk(tmp_path / 'disk') as disk:
        subprocess.run(['mount', '-o', 'remount,ro', str(disk)], check=True)
        with lock_folder(str(disk)):
            assert os.listdir(disk) == []
