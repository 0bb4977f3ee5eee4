"""A file system of a megabyte, to be filled."""
import contextlib
import subprocess

import pytest


@contextlib.contextmanager
def small_disk(folder, size='1m'):
    """Mounts a small tmpfs on a new `folder`; skips the test where that is not allowed."""
    folder.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip('a small file system needs the command mount, which is not here')
    if done.returncode:
        pytest.skip(f'a small file system cannot be mounted here: {done.stderr.strip()}')
    try:
        yield folder
    finally:
        subprocess.run(['umount', '-l', str(folder)], check=True)
