"""Files, folders, patterns and a list on standard input become batches of images."""
import os

import pytest

from gluon_finetune.data.check import BadImage
from gluon_finetune.results.image_list import list_images


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ('a.jpg', 'new/b.PNG', 'new/deep/c.webp', 'new/.hidden.jpg', 'new/notes.txt',
                 'new/@eaDir/d.jpg', 'new/.git/e.jpg', 'empty/notes.txt', '[x].jpg'):
        os.makedirs(os.path.dirname(name) or '.', exist_ok=True)
        open(name, 'w').close()


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def listed(*words, stdin=-1, size=32):
    return [image for batch in list_images(words, stdin, size) for image in batch]


@pytest.mark.parametrize('words, images', [
    (['a.jpg', 'gone.jpg', 'new/notes.txt'], ['a.jpg', 'gone.jpg', 'new/notes.txt']),
    (['new'], ['new/b.PNG', 'new/deep/c.webp']),
    (['new/', 'a.jpg'], ['new/b.PNG', 'new/deep/c.webp', 'a.jpg']),
    (['new/[bdn]*'], ['new/b.PNG', 'new/deep/c.webp', 'new/notes.txt']),   # as a shell does
    (['**/*.webp'], ['new/deep/c.webp']),
    (['[x].jpg'], ['[x].jpg']),   # a file of this name, no pattern
    (['*.gif'], [BadImage('*.gif', 'no file matches this pattern')])])
def test_words(place, words, images):
    assert listed(*words) == images


def test_a_folder_without_images(place):
    bad, = listed('empty')
    assert bad.path == 'empty' and bad.reason.startswith('no images in this folder: expected .jpg')


def test_batches_are_filled(place):
    assert list(map(len, list_images(['a.jpg'] * 5, -1, 2))) == [2, 2, 1]


def test_lines_of_standard_input(place, pipe):
    os.write(pipe[1], b'a.jpg\n\nnew/b.PNG\r\nbl\xff.jpg\nwith space.jpg')
    os.close(pipe[1])
    assert listed('a.jpg', '-', 'new', stdin=pipe[0]) == [
        'a.jpg', 'a.jpg', 'new/b.PNG', os.fsdecode(b'bl\xff.jpg'), 'with space.jpg', 'new/b.PNG',
        'new/deep/c.webp']


def test_what_has_arrived_does_not_wait_for_more(place, pipe):
    batches = list_images(['-'], pipe[0], 32)
    os.write(pipe[1], b'one.jpg\ntwo.jpg\nthr')
    assert next(batches) == ['one.jpg', 'two.jpg']
    assert next(batches) == []   # has the answers given; only then it waits
    os.write(pipe[1], b'ee.jpg\n')
    assert next(batches) == ['three.jpg']
    os.close(pipe[1])
    assert not any(batches)
