"""Archives are unpacked completely or not at all, and never outside of their folder."""
import io
import os
import tarfile
import warnings
import zipfile

import pytest
from child import run_child
from full_disk import small_disk

from gluon_finetune.errors import UsageError, WorkError
from gluon_finetune.files import archive
from gluon_finetune.files.archive import unpack

pytestmark = pytest.mark.faults
FILES = {'hotdog/train/a/1.jpg': b'one', 'hotdog/test/a/2.jpg': b'two' * 1000}


def make_zip(path, files=FILES):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as file:
        file.writestr('hotdog/empty/', '')
        for name, content in files.items():
            file.writestr(name, content)


def found(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob('*') if path.is_file()}


def test_everything_arrives_and_nothing_else_is_left(tmp_path):
    make_zip(tmp_path / 'a.zip')
    unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'out'))
    assert found(tmp_path / 'out') == FILES
    assert sorted(os.listdir(tmp_path)) == ['a.zip', 'out']


@pytest.mark.parametrize('name', ['../evil', 'a/../../evil', '/tmp/evil', '..\\evil', 'C:\\evil',
                                  '\\\\host\\share\\evil', 'a/..'])
def test_an_entry_that_leads_out(tmp_path, name):
    make_zip(tmp_path / 'a', {'good': b'', name: b'evil'})
    with pytest.raises(UsageError) as caught:
        unpack(str(tmp_path / 'a'), str(tmp_path / 'deep' / 'out'))
    assert str(caught.value) == (
        f'{tmp_path}/a is unsafe: its entry {name!r} leads out of the folder; nothing was '
        'unpacked')
    assert not list(tmp_path.rglob('*evil*')) and os.listdir(tmp_path / 'deep') == []


def test_a_zip_with_a_link(tmp_path):
    link = zipfile.ZipInfo('way-out')
    link.external_attr = 0o120777 << 16
    make_zip(tmp_path / 'a', {link: '/etc'})
    unsafe(tmp_path, "its entry 'way-out' is a link")


@pytest.mark.parametrize('cut', [False, True])
def test_a_corrupt_archive_leaves_nothing(tmp_path, cut):
    make_zip(tmp_path / 'a', {'good': b'', 'large': os.urandom(100_000)})
    content = bytearray((tmp_path / 'a').read_bytes())
    content[50_000] ^= 255
    (tmp_path / 'a').write_bytes(content[:50_000] if cut else content)
    with pytest.raises(WorkError) as caught:
        unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    reason = 'File is not a zip file' if cut else "Bad CRC-32 for file 'large'"
    assert str(caught.value) == f'{tmp_path}/a is corrupt ({reason}): download it again'
    assert os.listdir(tmp_path) == ['a']


def test_an_interrupted_unpacking_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*entry):
        yield b'half'
        raise KeyboardInterrupt
    make_zip(tmp_path / 'a')
    monkeypatch.setattr(archive, '_chunks', interrupt)
    with pytest.raises(KeyboardInterrupt):
        unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    assert os.listdir(tmp_path) == ['a']


def test_what_a_killed_process_left_is_cleared(tmp_path):
    make_zip(tmp_path / 'a')
    (tmp_path / 'out.part' / 'hotdog' / 'half').mkdir(parents=True)
    unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    assert found(tmp_path / 'out') == FILES and not (tmp_path / 'out' / 'hotdog' / 'half').exists()


@pytest.mark.parametrize('kind', ['text', 'tar', 'tar that ends in a zip'])
def test_a_file_that_is_not_a_zip_archive(tmp_path, kind):
    make_zip(tmp_path / 'a.zip')
    if kind == 'text':
        (tmp_path / 'a.zip').write_text('hello')
    else:
        entry, zipped = tarfile.TarInfo('a.zip'), (tmp_path / 'a.zip').read_bytes()
        entry.size = len(zipped)
        with tarfile.open(tmp_path / 'a.zip', 'w' if 'ends' in kind else 'w:gz') as file:
            file.addfile(entry, io.BytesIO(zipped))
    with pytest.raises(UsageError) as caught:
        unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'out'))
    assert str(caught.value) == (f'{tmp_path}/a.zip is not a zip archive: unpack it yourself and '
                                 'use the folder')
    assert os.listdir(tmp_path) == ['a.zip']


def test_a_folder_that_cannot_be_written(tmp_path):
    make_zip(tmp_path / 'a')
    with pytest.raises(WorkError) as caught:
        unpack(str(tmp_path / 'a'), str(tmp_path / 'a' / 'out'))
    assert str(caught.value) == f'cannot unpack {tmp_path}/a into {tmp_path}/a/out: Not a directory'


def unsafe(tmp_path, reason):
    with pytest.raises(UsageError) as caught:
        unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    assert str(caught.value) == f'{tmp_path}/a is unsafe: {reason}; nothing was unpacked'
    assert os.listdir(tmp_path) == ['a']


BOMB = '''
from gluon_finetune.files.archive import unpack
try:
    said = unpack(*arguments)
except Exception as error:
    said = f'{type(error).__name__} {error}'
'''


def explode(tmp_path):
    said, taken = run_child(BOMB, str(tmp_path / 'a'), str(tmp_path / 'out'), memory=200 << 20)
    assert taken < 50 << 20 and os.listdir(tmp_path) == ['a']
    return said.replace(str(tmp_path), '')


@pytest.mark.parametrize('lying', [False, True])
def test_a_bomb(tmp_path, lying):
    """A megabyte that would be a quarter of a gigabyte."""
    with zipfile.ZipFile(tmp_path / 'a', 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        with file.open('big', 'w') as big:
            for _ in range(256):
                big.write(bytes(1 << 20))
        for info in file.infolist() if lying else ():
            info.file_size = 10
    size = (tmp_path / 'a').stat().st_size
    assert size < 5 << 20
    said = explode(tmp_path)
    if lying:
        assert said.startswith('WorkError /a is corrupt (')
    else:
        assert said == (f'UsageError /a is unsafe: it unpacks to more than '
                        f'{max(100_000_000, 200 * size)} bytes; nothing was unpacked')


def test_more_entries_than_any_data_set_has(tmp_path, monkeypatch):
    make_zip(tmp_path / 'a')
    monkeypatch.setattr(archive, 'MAX_ENTRIES', 2)
    unsafe(tmp_path, 'it has more than 2 entries')


@pytest.mark.parametrize('names, reason', [
    (['a', 'a'], "its entry 'a' overwrites another"),
    (['a', './a'], "its entry './a' overwrites another"),
    (['a', 'a/b'], "its entry 'a/b' overwrites another"),
    (['a/b', 'a'], "its entry 'a' overwrites another"),
    (['x' * 300], f"the name of its entry '{'x' * 40}'... is too long"),
    (['a/' * 101 + 'b'], f"its entry '{'a/' * 20}'... is nested deeper than 100 folders"),
    (['a/' * 2000 + 'b'], f"its entry '{'a/' * 20}'... is nested deeper than 100 folders"),
    (['.'], "its entry '.' has no valid name")])
def test_impossible_names(tmp_path, names, reason):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')   # of two equal names
        make_zip(tmp_path / 'a', Pairs((name, b'x') for name in names))
    unsafe(tmp_path, reason)


class Pairs(list):
    def items(self):
        return self


def test_names_that_differ_in_case_alone_lose_nothing(tmp_path):
    """Where the file system takes them for one, opening the second fails, as with equal names."""
    make_zip(tmp_path / 'a', {'a/B.jpg': b'1', 'a/b.jpg': b'2'})
    unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    assert found(tmp_path / 'out') == {'a/B.jpg': b'1', 'a/b.jpg': b'2'}


@pytest.mark.parametrize('written, flag, read', [
    ('café'.encode(), 0x800, 'café'), ('café'.encode(), 0, 'café'),
    ('café'.encode('cp437'), 0, 'café')], ids=['utf-8', 'utf-8 unsaid', 'cp437'])
def test_a_zip_with_names_in_another_encoding(tmp_path, written, flag, read):
    placeholder = b'x' * len(written)
    make_zip(tmp_path / 'a', {placeholder.decode(): b'1'})
    content = (tmp_path / 'a').read_bytes().replace(placeholder, written)
    at = content.rindex(b'PK\1\2')
    content = bytearray(content)
    content[at + 8:at + 10] = flag.to_bytes(2, 'little')
    at = content.rindex(b'PK\3\4')
    content[at + 6:at + 8] = flag.to_bytes(2, 'little')
    (tmp_path / 'a').write_bytes(content)
    unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    assert found(tmp_path / 'out') == {read: b'1'}


def test_no_space(tmp_path):
    make_zip(tmp_path / 'a', {'a': bytes(400_000), 'b': bytes(400_000), 'c': bytes(400_000)})
    with small_disk(tmp_path / 'disk') as disk:
        with pytest.raises(WorkError) as caught:
            unpack(str(tmp_path / 'a'), str(disk / 'out'))
        assert str(caught.value) == (
            f'cannot unpack {tmp_path}/a into {disk}/out: No space left on device; free space in '
            f'{disk} and try again')
        assert os.listdir(disk) == []
