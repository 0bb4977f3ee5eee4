import hashlib

from gluon_finetune.files.hashing import file_sha1


def test_file_sha1_of_more_than_one_chunk(tmp_path):
    (tmp_path / 'file').write_bytes(b'12345678' * 50000)
    assert file_sha1(str(tmp_path / 'file')) == hashlib.sha1(b'12345678' * 50000).hexdigest()
