import os

from gluon_finetune.data.equal_files import equal_files


def test_equal_files_have_equal_bytes_and_some(tmp_path):
    contents = {'a': b'x' * 9000, 'b': b'x' * 9000, 'c': b'y' + b'x' * 8999, 'd': b'x' * 9001,
                'e': b'', 'f': b'', 'g': b'1', 'h': b'1', 'i': b'2'}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    os.mkfifo(tmp_path / 'pipe')
    paths = [str(tmp_path / name) for name in [*contents, 'pipe', 'missing']]
    assert [[os.path.basename(path) for path in group] for group in equal_files(paths)] == [
        ['a', 'b'], ['g', 'h']]
