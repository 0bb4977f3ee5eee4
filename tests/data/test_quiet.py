"""No warning of Pillow reaches the user as it is: it names no file."""
import contextlib
import subprocess
import sys
import threading
import warnings

import numpy as np
import PIL.Image
import pytest
from PIL import Image

import gluon_finetune as gf
from gluon_finetune.data.quiet import quiet_pillow

EXIF = b'Exif\0\0II*\0\xff\xff\xff\xff nonsense'   # "Corrupt EXIF data.  Expecting to read ..."
WARNINGS = [(UserWarning, 'Corrupt EXIF data')]


@pytest.fixture
def odd(chairs_copy):
    """The folder with images of which Pillow warns."""
    for path in chairs_copy.rglob('*.jpg'):
        with Image.open(path) as image:
            image.load()
        image.save(path, exif=EXIF)
    return chairs_copy


@pytest.fixture
def path(odd):
    return str(odd / 'test' / 'sofa' / '0.jpg')


def warn(path):
    """Have Pillow warn."""
    with Image.open(path) as image:
        image.getexif()


@pytest.fixture
def seen():
    """What is warned of in the test, whatever the filters were."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        yield seen


def found(seen):
    return [(warning.category, str(warning.message)[:17]) for warning in seen
            if warning.category is UserWarning]   # not MXNet's own


def test_pillow_warns_of_the_images(path, seen):
    warn(path)
    assert found(seen) == WARNINGS and seen[0].filename.endswith('TiffImagePlugin.py')


def test_an_image_is_read_without_warnings(path, seen):
    gf.read_image(path)
    assert found(seen) == []


def test_a_folder_is_checked_without_warnings(odd, seen):
    folders = gf.ImageFolders(odd)
    assert folders.check(progress=False) == [] and folders.train[0][0].shape[2] == 3
    assert found(seen) == []


def test_images_are_predicted_without_warnings(path, seen):
    net = gf.scratch_net('mobilenetv2_0.25', ['a', 'b'], seed=0)
    gf.Predictor(net, image_size=32)([path, path])
    assert found(seen) == []


@pytest.mark.parametrize('num_workers', [0, 2])
def test_threads_read_without_warnings_whatever_their_user_does(odd, num_workers):
    caught = []
    for X, _ in gf.load_data(gf.ImageFolders(odd), 2, 32, num_workers=num_workers)[0]:
        for _ in range(20):   # the threads go on meanwhile
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter('always')
                X.wait_to_read()
            caught += seen
    assert found(caught) == []


def test_filters_that_come_later_do_not_matter(path):
    with quiet_pillow(), warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        warn(path)
        with quiet_pillow():
            pass
        warn(path)
    assert found(seen) == []


def test_filters_that_go_do_not_matter(path, seen):
    with contextlib.ExitStack() as stack:
        with warnings.catch_warnings():
            stack.enter_context(quiet_pillow())
        warn(path)
    assert found(seen) == []


def test_pillow_warns_in_other_threads_and_afterwards(path, seen):
    with quiet_pillow():
        other = threading.Thread(target=warn, args=[path])
        other.start()
        other.join()
        assert found(seen) == WARNINGS and seen[0].filename.endswith('TiffImagePlugin.py')
    warn(path)
    assert found(seen) == WARNINGS * 2 and PIL.Image.warnings is warnings


def test_many_threads_leave_pillow_as_it_was(path, seen):
    def work():
        for _ in range(50):
            with quiet_pillow():
                warn(path)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found(seen) == [] and PIL.Image.warnings is warnings


def test_nothing_is_printed_of_an_image_that_is_refused(tmp_path):
    Image.fromarray(np.zeros((9, 9, 3), 'uint8')).save(tmp_path / 'a.tif')
    content = (tmp_path / 'a.tif').read_bytes()
    three, nine = (b'\x15\x01\x03\0\x01\0\0\0' + bytes([count]) for count in (3, 9))   # samples
    assert three in content
    (tmp_path / 'a.tif').write_bytes(content.replace(three, nine))
    program = f'''
import gluon_finetune as gf
try:
    gf.read_image({str(tmp_path / 'a.tif')!r})
except gf.UsageError as error:
    print('refused')
'''
    done = subprocess.run([sys.executable, '-W', 'always::UserWarning', '-c', program],
                          capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ('refused\n', '')
