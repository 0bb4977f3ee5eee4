"""A file is whole or not there, whatever happens while it is written."""
import hashlib
import os

import pytest
from full_disk import small_disk

from gluon_finetune.errors import WorkError
from gluon_finetune.files.atomic import atomic_write, new_file
from gluon_finetune.files.hashing import file_sha256
from gluon_finetune.files.json import write_json


def write(path, content):
    with atomic_write(str(path)) as file:
        file.write(content)
    return file.sha256


def test_a_file_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / 'a'
    path.write_text('old')
    sha256 = write(path, b'new')
    assert path.read_bytes() == b'new' and os.listdir(tmp_path) == ['a']
    assert sha256 == file_sha256(str(path)) == hashlib.sha256(b'new').hexdigest()


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt])
def test_a_break_leaves_the_old_one_and_nothing_else(tmp_path, error):
    path = tmp_path / 'a'
    path.write_text('old')
    with pytest.raises(error):
        with atomic_write(str(path)) as file:
            file.write(b'half of the new')
            raise error
    assert path.read_bytes() == b'old' and os.listdir(tmp_path) == ['a']


def test_what_a_killed_process_left_is_replaced(tmp_path):
    (tmp_path / 'a.tmp').write_text('half')
    write(tmp_path / 'a', b'new')
    assert os.listdir(tmp_path) == ['a']


@pytest.mark.faults
def test_a_link_leads_nowhere(tmp_path):
    mine, run = tmp_path / 'mine', tmp_path / 'run'
    run.mkdir()
    mine.write_text('mine')
    for name in ('a', 'a.tmp'):
        (run / name).symlink_to(mine)
    write(run / 'a', b'new')
    assert mine.read_text() == 'mine' and not (run / 'a').is_symlink()
    with pytest.raises(FileExistsError):
        (run / 'b').symlink_to(mine)
        with new_file(str(run / 'b')):
            pass


@pytest.mark.faults
def test_a_full_disk_leaves_the_old_one(tmp_path):
    with small_disk(tmp_path / 'disk') as disk:
        write(disk / 'a', b'old')
        with pytest.raises(WorkError) as error:
            write(disk / 'a', bytes(2 << 20))
        assert str(error.value) == f'cannot write {disk / "a"}: No space left on device'
        assert (disk / 'a').read_bytes() == b'old' and os.listdir(disk) == ['a']


def test_json_is_for_people(tmp_path):
    write_json(str(tmp_path / 'a'), {'name': 'Stühle'})
    assert (tmp_path / 'a').read_text('utf-8') == '{\n  "name": "Stühle"\n}\n'
