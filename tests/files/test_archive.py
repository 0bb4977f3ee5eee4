"""Archives are unpacked whole or not at all, and never outside of their folder."""
import bz2
import gzip
import io
import lzma
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


def make_tar(path, files=FILES, **attributes):
    with tarfile.open(path, 'w:gz' if str(path).endswith('gz') else 'w') as file:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in attributes.items():
                setattr(info, key, value)
            file.addfile(info, io.BytesIO(content))


def found(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob('*') if path.is_file()}


@pytest.mark.parametrize('name, make', [
    ('a.zip', make_zip), ('a.tar', make_tar), ('a.tgz', make_tar)])
def test_everything_arrives_and_nothing_else_is_left(tmp_path, name, make):
    make(tmp_path / name)
    unpack(str(tmp_path / name), str(tmp_path / 'out'))
    assert found(tmp_path / 'out') == FILES
    assert sorted(os.listdir(tmp_path)) == [name, 'out']


@pytest.mark.parametrize('make', [make_zip, make_tar])
@pytest.mark.parametrize('name', ['../evil', 'a/../../evil', '/tmp/evil', '..\\evil', 'C:\\evil',
                                  '\\\\host\\share\\evil', 'a/..'])
def test_an_entry_that_climbs_out(tmp_path, make, name):
    make(tmp_path / 'a', {'good': b'', name: b'evil'})
    with pytest.raises(UsageError) as caught:
        unpack(str(tmp_path / 'a'), str(tmp_path / 'deep' / 'out'))
    assert str(caught.value) == (
        f'{tmp_path}/a is not to be trusted: its entry {name} leads out of the folder it is '
        'unpacked in; nothing was unpacked')
    assert not list(tmp_path.rglob('*evil*')) and os.listdir(tmp_path / 'deep') == []


def refused_link(tmp_path, name):
    with pytest.raises(UsageError) as caught:
        unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    assert str(caught.value) == (f'{tmp_path}/a is not to be trusted: its entry {name} is a link '
                                 'or a device; nothing was unpacked')
    assert os.listdir(tmp_path) == ['a']


@pytest.mark.parametrize('kind', [
    tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_tar_with_links_or_devices(tmp_path, kind):
    make_tar(tmp_path / 'a', {'way-out': b''}, type=kind, linkname='/etc')
    refused_link(tmp_path, 'way-out')


def test_a_zip_with_a_link(tmp_path):
    link = zipfile.ZipInfo('way-out')
    link.external_attr = 0o120777 << 16
    make_zip(tmp_path / 'a', {link: '/etc'})
    refused_link(tmp_path, 'way-out')


@pytest.mark.parametrize('make', [make_zip, make_tar])
def test_a_damaged_archive_leaves_nothing(tmp_path, make):
    make(tmp_path / 'a.tgz', {'good': b'', 'large': os.urandom(100_000)})
    content = bytearray((tmp_path / 'a.tgz').read_bytes())
    content[50_000] ^= 255
    (tmp_path / 'a.tgz').write_bytes(content if make is make_zip else content[:50_000])
    with pytest.raises(WorkError, match=r'a\.tgz is damaged \(.*\): fetch it again$'):
        unpack(str(tmp_path / 'a.tgz'), str(tmp_path / 'out'))
    assert os.listdir(tmp_path) == ['a.tgz']


def test_an_interrupted_unpacking_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(entry):
        yield b'half'
        raise KeyboardInterrupt
    make_zip(tmp_path / 'a')
    monkeypatch.setattr(archive, 'chunks', interrupt)
    with pytest.raises(KeyboardInterrupt):
        unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    assert os.listdir(tmp_path) == ['a']


def test_what_a_killed_process_left_is_cleared(tmp_path):
    make_zip(tmp_path / 'a')
    (tmp_path / 'out.part' / 'hotdog' / 'half').mkdir(parents=True)
    unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    assert found(tmp_path / 'out') == FILES and not (tmp_path / 'out' / 'hotdog' / 'half').exists()


def test_what_is_no_archive(tmp_path):
    (tmp_path / 'a.zip').write_text('hello')
    with pytest.raises(UsageError) as caught:
        unpack(str(tmp_path / 'a.zip'), str(tmp_path / 'out'))
    assert str(caught.value) == f'{tmp_path}/a.zip is neither a zip nor a tar archive'


def test_a_folder_that_cannot_be_written(tmp_path):
    make_zip(tmp_path / 'a')
    with pytest.raises(WorkError) as caught:
        unpack(str(tmp_path / 'a'), str(tmp_path / 'a' / 'out'))
    assert str(caught.value) == f'cannot unpack {tmp_path}/a into {tmp_path}/a/out: Not a directory'


@pytest.mark.parametrize('module', [gzip, bz2, lzma])
def test_each_way_to_shrink_a_tar(tmp_path, module):
    make_tar(tmp_path / 'a.tar')
    (tmp_path / 'a').write_bytes(module.compress((tmp_path / 'a.tar').read_bytes()))
    unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    assert found(tmp_path / 'out') == FILES


def test_a_tar_of_a_folder_that_ends_in_a_zip(tmp_path):
    make_zip(tmp_path / 'a.zip')
    with tarfile.open(tmp_path / 'a', 'w') as file:
        file.addfile(folder('./'))
        file.add(tmp_path / 'a.zip', './a.zip')
    unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    assert os.listdir(tmp_path / 'out') == ['a.zip']


def folder(name):
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    return info


def untrusted(tmp_path, reason, name='a'):
    with pytest.raises(UsageError) as caught:
        unpack(str(tmp_path / name), str(tmp_path / 'out'))
    assert str(caught.value) == (f'{tmp_path}/{name} is not to be trusted: {reason}; nothing was '
                                 'unpacked')
    assert os.listdir(tmp_path) == [name]


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


@pytest.mark.parametrize('make', ['zip', 'lying zip', 'tar.gz', 'sparse tar'])
def test_a_bomb(tmp_path, make):
    """A few megabytes or less that would be a quarter of a gigabyte."""
    if make.endswith('zip'):
        with zipfile.ZipFile(tmp_path / 'a', 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as file:
            with file.open('big', 'w') as big:
                for _ in range(256):
                    big.write(bytes(1 << 20))
            for info in file.infolist() if make == 'lying zip' else ():
                info.file_size = 10
    elif make == 'tar.gz':
        info = tarfile.TarInfo('big')
        info.size = 1 << 28
        with tarfile.open(tmp_path / 'a', 'w:gz', compresslevel=1) as file, \
                open('/dev/zero', 'rb') as zeros:
            file.addfile(info, zeros)
    else:
        info = tarfile.TarInfo('big')
        info.size = 512
        head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
        head[156:157] = tarfile.GNUTYPE_SPARSE
        head[386:410] = b'%011o\0%011o\0' % (1 << 30, 512)
        head[483:495] = b'%011o\0' % ((1 << 30) + 512)
        head[148:156] = b'%06o\0 ' % tarfile.calc_chksums(head)[0]
        (tmp_path / 'a').write_bytes(bytes(head) + b'x' * 512 + bytes(1024))
    size = (tmp_path / 'a').stat().st_size
    assert size < 5 << 20
    said = explode(tmp_path)
    if make == 'lying zip':
        assert said.startswith('WorkError /a is damaged (')
    else:
        assert said == (f'UsageError /a is not to be trusted: it unpacks to more than '
                        f'{max(100_000_000, 200 * size)} bytes; nothing was unpacked')


@pytest.mark.parametrize('kind', [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_bomb_in_a_header(tmp_path, kind):
    info = tarfile.TarInfo('a')
    info.type, info.size = kind, 1 << 30
    with gzip.open(tmp_path / 'a', 'wb', 1) as file:
        file.write(info.tobuf())
        for _ in range(256):
            file.write(bytes(1 << 20))
    assert explode(tmp_path) == ('WorkError /a is damaged (a header of 1073741824 bytes): '
                                 'fetch it again')


def test_a_tar_that_goes_round_in_a_circle(tmp_path):
    first, second = tarfile.TarInfo('a'), folder('b')
    head = bytearray(second.tobuf(tarfile.GNU_FORMAT))
    head[124:136] = tarfile.itn(-512, 12, tarfile.GNU_FORMAT)
    head[156:157] = tarfile.CONTTYPE
    head[148:156] = b'%06o\0 ' % tarfile.calc_chksums(head)[0]
    (tmp_path / 'a').write_bytes(first.tobuf() + bytes(head) + bytes(1024))
    assert explode(tmp_path) == ('WorkError /a is damaged (an entry of a negative size): '
                                 'fetch it again')


def test_more_entries_than_any_data_set_has(tmp_path, monkeypatch):
    make_zip(tmp_path / 'a')
    monkeypatch.setattr(archive, 'MOST_ENTRIES', 2)
    untrusted(tmp_path, 'it has more than 2 entries')


@pytest.mark.parametrize('make', [make_zip, make_tar])
@pytest.mark.parametrize('names, reason', [
    (['a', 'a'], "its entry 'a' falls on another"),
    (['a', './a'], "its entry './a' falls on another"),
    (['a', 'a/b'], "its entry 'a/b' falls on another"),
    (['a/b', 'a'], "its entry 'a' falls on another"),
    (['x' * 300], f"the name of its entry '{'x' * 40}'... is too long"),
    (['a/' * 101 + 'b'], f"its entry '{'a/' * 20}'... lies in more than 100 folders"),
    (['a/' * 2000 + 'b'], f"its entry '{'a/' * 20}'... lies in more than 100 folders"),
    (['.'], "its entry '.' has no name for a file")])
def test_names_that_cannot_be(tmp_path, make, names, reason):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')   # of two equal names
        make(tmp_path / 'a', Pairs((name, b'x') for name in names))
    untrusted(tmp_path, reason)


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


@pytest.mark.parametrize('encoding', ['utf-8', 'latin-1'])
def test_a_tar_with_names_in_another_encoding(tmp_path, encoding):
    with tarfile.open(tmp_path / 'a', 'w', format=tarfile.GNU_FORMAT,
                      encoding=encoding) as file:
        file.addfile(tarfile.TarInfo('café'))
    unpack(str(tmp_path / 'a'), str(tmp_path / 'out'))
    assert list(found(tmp_path / 'out')) == ['café']


def test_no_space(tmp_path):
    make_tar(tmp_path / 'a', {'a': bytes(400_000), 'b': bytes(400_000), 'c': bytes(400_000)})
    with small_disk(tmp_path / 'disk') as disk:
        with pytest.raises(WorkError) as caught:
            unpack(str(tmp_path / 'a'), str(disk / 'out'))
        assert str(caught.value) == (
            f'cannot unpack {tmp_path}/a into {disk}/out: No space left on device; make room in '
            f'{disk} and try again')
        assert os.listdir(disk) == []
