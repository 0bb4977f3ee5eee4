"""Where a run directory may be: in a new folder, outside the images."""
import os

import pytest
from messages import message

from gluon_finetune import Config, ImageFolders, start_run
from gluon_finetune.runs.location import check_outside, first_free


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ('pics/cat', 'pics/dog', 'pictures'):
        os.makedirs(name)
    os.symlink('pics', 'link')
    return tmp_path


@pytest.mark.parametrize('path, data', [
    ('pics/run', 'pics'), ('pics/cat/run', 'pics'), ('pics', 'pics/'), ('link/run', 'pics'),
    ('pics/run', 'link'), ('pics/../pics/a/b', './pics')])
def test_a_folder_inside_the_images_is_refused(place, path, data):
    assert message(check_outside, path, data) == (
        f'output folder {path} is inside {data}, the folder of images: choose one outside, such as '
        f'--out runs/pics')


@pytest.mark.parametrize('path, data', [
    ('run', 'pics'), ('pictures', 'pics'), ('pics-2', 'pics'), ('runs/pics', 'pics'),
    ('pics/../run', 'pics'), ('hotdog/run', 'hotdog')])
def test_a_folder_beside_the_images_is_not(place, path, data):
    check_outside(path, data)


def test_a_free_folder_is_proposed(place, monkeypatch):
    os.makedirs('runs/pics')
    monkeypatch.chdir('pics')
    assert message(check_outside, 'runs/pics', '.').endswith('such as --out ../runs/pics-2')
    assert first_free('../runs/pics') == '../runs/pics-2'


def test_start_run_refuses_it_too(chairs_copy):
    run = chairs_copy / 'train' / 'run'
    text = message(start_run, run, Config(scratch=True, image_size=32), ImageFolders(chairs_copy))
    assert text.startswith(f'output folder {run} is inside {chairs_copy}, the folder of images: ')
    assert not run.exists()
