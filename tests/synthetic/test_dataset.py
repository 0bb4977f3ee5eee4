"""Synthetic data sets: reproducible, complete, and not separable by colour alone."""
import os

import numpy as np
import pytest

from gluon_finetune import ImageFolders, UsageError
from gluon_finetune.synthetic import dataset, objects


def test_an_image_depends_on_the_seed_only():
    one, same, other = (np.asarray(dataset.draw_image(objects.hotdog, 48, seed))
                        for seed in ([3, 1], [3, 1], [3, 2]))
    assert one.dtype == np.uint8 and one.shape[2] == 3
    assert all(38 <= side <= 60 for side in one.shape[:2])
    assert (one == same).all()
    assert one.shape != other.shape or (one != other).any()


@pytest.mark.parametrize('draw', sorted({objects.hotdog, *objects.LOOK_ALIKES, *objects.SOURCE,
                                         *objects.CLUTTER}, key=lambda draw: draw.__name__))
def test_every_object_is_visible(draw):
    rng = np.random.default_rng(0)
    pen = dataset.Pen((80, 80), (40, 40), 30)
    draw(pen, rng)
    covered = (np.asarray(pen.layer)[..., 3] > 0).mean()
    assert 0.005 < covered < 0.6


def test_image_folders_reads_the_images(tmp_path):
    root = dataset.draw_hotdogs(tmp_path / 'food', train=11, test=3, size=24, seed=1)
    folders = ImageFolders(root)
    assert folders.classes == ['hotdog', 'not-hotdog']
    assert len(folders.train) == 22 and len(folders.test) == 6
    assert folders.check(progress=False) == []
    assert sorted(os.listdir(tmp_path)) == ['food']


def test_the_source_has_no_hot_dog_and_its_own_bananas():
    assert len(dataset.SOURCE_CLASSES) >= 8
    assert objects.hotdog not in objects.SOURCE and 'hotdog' not in dataset.SOURCE_CLASSES
    source = dataset.draw_image(objects.banana, 24, dataset.image_seed(0, 'train/banana', 4))
    seed = dataset.image_seed(0, 'train/not-hotdog', 4)
    target = dataset.draw_image(objects.banana, 24, seed)
    assert source.size != target.size or source.tobytes() != target.tobytes()


def colours(label, kinds, part, number):
    """The share of each of 64 colours in one synthetic image."""
    seed = dataset.image_seed(0, f'{part}/{label}', number)
    image = dataset.draw_image(kinds[number % len(kinds)], 32, seed)
    pixels = np.asarray(image).reshape(-1, 3)
    return np.histogramdd(pixels, bins=4, range=[(0, 256)] * 3)[0].ravel() / len(pixels)


def test_colour_alone_does_not_separate_the_classes():
    """The nearest mean histogram predicts the class little better than chance."""
    centres = {label: np.mean([colours(label, kinds, 'train', i) for i in range(40)], axis=0)
               for label, kinds in dataset.HOTDOG_CLASSES.items()}
    right = 0
    for label, kinds in dataset.HOTDOG_CLASSES.items():
        for i in range(40):
            found = colours(label, kinds, 'test', i)
            right += label == min(centres, key=lambda name: abs(found - centres[name]).sum())
    assert right / 80 < 0.75


def test_an_interruption_leaves_nothing(tmp_path, monkeypatch):
    def broken(pen, rng):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        dataset.draw_folders(tmp_path / 'food', {'a': [broken], 'b': [broken]}, 1, 1)
    assert os.listdir(tmp_path) == []


def test_an_existing_folder_is_refused(tmp_path):
    with pytest.raises(UsageError) as error:
        dataset.draw_hotdogs(tmp_path)
    assert str(error.value) == f'folder {tmp_path} already exists: choose a new one'
