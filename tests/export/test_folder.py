import errno
import os

import pytest

from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.export.folder import new_folder, write_text


def test_a_folder_appears_when_it_is_complete(tmp_path):
    out = tmp_path / 'deep' / 'out'
    with new_folder(out) as folder:
        write_text(folder, 'a.txt', 'ä\n')
        assert not out.exists()
    assert (out / 'a.txt').read_bytes() == 'ä\n'.encode()
    assert os.listdir(tmp_path / 'deep') == ['out']
    assert out.stat().st_mode == (tmp_path / 'deep').stat().st_mode


def test_nothing_is_left_of_one_that_failed(tmp_path):
    with pytest.raises(KeyError), new_folder(tmp_path / 'out') as folder:
        write_text(folder, 'a.txt', 'a')
        raise KeyError
    assert os.listdir(tmp_path) == []


def test_an_existing_one_stays(tmp_path):
    (tmp_path / 'out').touch()
    with pytest.raises(UsageError) as error, new_folder(tmp_path / 'out'):
        pass
    assert str(error.value) == f'{tmp_path}/out already exists: name a new folder with --out'


def test_a_disk_that_refuses(tmp_path):
    out = tmp_path / 'out'
    with pytest.raises(WorkError) as error, new_folder(out):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(error.value) == f'cannot write {out}: No space left on device'
    assert os.listdir(tmp_path) == []
