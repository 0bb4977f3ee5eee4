"""Archives are unpacked whole or not at all, and never outside of their folder."""
import io
import os
import tarfile
import zipfile

import pytest

from gluon_finetune.data import archive
from gluon_finetune.data.archive import unpack
from gluon_finetune.errors import UsageError, WorkError

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
    def interrupt(source, copy):
        copy.write(b'half')
        raise KeyboardInterrupt
    make_zip(tmp_path / 'a')
    monkeypatch.setattr(archive.shutil, 'copyfileobj', interrupt)
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
