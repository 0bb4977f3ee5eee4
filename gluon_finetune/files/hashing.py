"""SHA-1 and SHA-256 of files."""
import hashlib

_CHUNK = 1 << 18


def file_sha1(path):
    """SHA-1 of a file, in hexadecimal."""
    with open(path, 'rb') as file:
        return stream_sha1(file)


def stream_sha1(file):
    """SHA-1 of what is left to read of an open file, in hexadecimal."""
    digest = hashlib.sha1()
    for chunk in iter(lambda: file.read(_CHUNK), b''):
        digest.update(chunk)
    return digest.hexdigest()


def file_sha256(path):
    """SHA-256 of a file in hexadecimal."""
    with open(path, 'rb') as file:
        return stream_sha256(file)


def stream_sha256(file):
    """SHA-256 of what is left to read of an open file, in hexadecimal."""
    digest = hashlib.sha256()
    for chunk in iter(lambda: file.read(1 << 20), b''):
        digest.update(chunk)
    return digest.hexdigest()
