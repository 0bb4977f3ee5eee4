"""Where data sets come from and where they are kept; needs nothing but Python."""
import hashlib
import os

DATA_URL = 'http://d2l-data.s3-accelerate.amazonaws.com/'

# Name of a data set -> its address (also a path or file://) and SHA-1 (None: anything will do).
DATA_HUB = {'hotdog': (DATA_URL + 'hotdog.zip', 'fba480ffa8aa7e0febbb511d181409f899b9baa5')}

_CHUNK = 1 << 18


def cache_dir():
    """The folder of what was fetched: `$GLUON_FINETUNE_CACHE`, or `~/.cache/gluon_finetune`."""
    return os.path.expanduser(os.environ.get('GLUON_FINETUNE_CACHE') or '~/.cache/gluon_finetune')


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
