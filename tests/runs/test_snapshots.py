"""A snapshot is complete or recognised as corrupt; an interrupted write leaves the older ones."""
import os
import random
from pathlib import Path

import pytest
from full_disk import small_disk

from gluon_finetune.errors import UsageError
from gluon_finetune.runs.snapshots import (
    Snapshot,
    numbers,
    read_snapshots,
    remove_others,
    write_snapshot,
)

pytestmark = pytest.mark.faults
FILES = {'a.params': b'some weights', 'state.json': b'{}\n'}


def write(folder, files=FILES):
    return write_snapshot(str(folder), {
        name: (lambda file, content=content: file.write(content))
        for name, content in files.items()})


def test_the_two_newest_remain(tmp_path):
    for i in range(4):
        write(tmp_path, {'a': bytes([i])})
    assert numbers(str(tmp_path)) == [3, 4] and sorted(os.listdir(tmp_path)) == ['000003', '000004']
    found = [snapshot for snapshot, _ in read_snapshots(str(tmp_path), ['a'])]
    assert [Path(snapshot.file('a')).read_bytes() for snapshot in found] == [b'\3', b'\2']


def test_the_hashes_are_those_of_sha256sum(tmp_path):
    path = write(tmp_path).path
    assert os.system(f'cd {path} && sha256sum --quiet --check SHA256SUMS') == 0


def test_a_cut_at_any_byte_is_recognised(tmp_path):
    path = write(tmp_path).path
    for name in os.listdir(path):
        file = os.path.join(path, name)
        content = Path(file).read_bytes()
        for size in range(len(content)):
            Path(file).write_bytes(content[:size])
            assert complete(tmp_path) == [], f'{name} cut to {size} bytes'
        Path(file).write_bytes(content)
    assert len(complete(tmp_path)) == 1


def test_a_flipped_bit_is_recognised(tmp_path):
    path, rng = write(tmp_path).path, random.Random(0)
    for name in os.listdir(path):
        file = os.path.join(path, name)
        content = Path(file).read_bytes()
        for at in range(len(content)):
            flipped = bytearray(content)
            flipped[at] ^= 1 << rng.randrange(8)
            Path(file).write_bytes(flipped)
            assert complete(tmp_path) == [], f'byte {at} of {name}'
        Path(file).write_bytes(content)
    assert len(complete(tmp_path)) == 1


def complete(folder):
    return [snapshot for snapshot, _ in read_snapshots(str(folder), list(FILES)) if snapshot]


@pytest.mark.parametrize('spoil, reason', [
    (lambda path: os.remove(path / 'a.params'), 'a.params is missing or was changed'),
    (lambda path: os.remove(path / 'SHA256SUMS'),
     'cannot read {path}/SHA256SUMS: No such file or directory'),
    (lambda path: (path / 'SHA256SUMS').write_text('what\n'),
     'its SHA256SUMS is not a list of hashes'),
    (lambda path: (path / 'a.params').write_text('other'), 'a.params is missing or was changed')])
def test_the_reason_is_reported(tmp_path, spoil, reason):
    path = write(tmp_path).path
    spoil(tmp_path / '000001')
    with pytest.raises(UsageError) as error:
        Snapshot(path)
    assert str(error.value) == f'{path} is corrupt: {reason.format(path=path)}'


def test_a_file_that_is_a_link_or_a_pipe_is_not_read(tmp_path):
    for make in (lambda file: os.symlink('/dev/zero', file), os.mkfifo):
        path = write(tmp_path).path
        os.remove(os.path.join(path, 'a.params'))
        make(os.path.join(path, 'a.params'))
        with pytest.raises(UsageError, match='a.params is missing or was changed'):
            Snapshot(path)


def test_a_folder_that_is_a_link_is_refused(tmp_path):
    (tmp_path / 'mine' / '000001').mkdir(parents=True)
    (tmp_path / 'checkpoint').symlink_to(tmp_path / 'mine')
    with pytest.raises(UsageError) as error:
        write(tmp_path / 'checkpoint')
    assert str(error.value) == (f'{tmp_path / "checkpoint"} is a symbolic link: replace it by a '
                                f'folder inside the run directory')
    assert os.listdir(tmp_path / 'mine') == ['000001']


def test_a_full_disk_leaves_the_older_snapshot(tmp_path):
    with small_disk(tmp_path / 'disk') as disk:
        write(disk)
        with pytest.raises(OSError, match='No space left on device'):
            write(disk, {**FILES, 'a.params': bytes(2 << 20)})
        assert os.listdir(disk) == ['000001'] and len(complete(disk)) == 1


def test_remains_of_a_killed_process_are_removed(tmp_path):
    write(tmp_path)
    (tmp_path / 'tmp').mkdir()
    (tmp_path / 'tmp' / 'a.params').write_text('half')
    write(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ['000001', '000002']


def test_other_snapshots_are_removed(tmp_path):
    first, second = write(tmp_path), write(tmp_path)
    os.remove(second.file('a.params'))
    (tmp_path / 'tmp').mkdir()
    remove_others(str(tmp_path), [first])
    assert os.listdir(tmp_path) == ['000001']
