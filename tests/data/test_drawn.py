import os

import numpy
import pytest

from gluon_finetune import ImageFolders, UsageError
from gluon_finetune.data import drawn, things


def test_same_seed_draws_the_same_picture_and_another_seed_another():
    one, same, other = (numpy.asarray(drawn.draw_picture(things.hotdog, 48, seed))
                        for seed in ([3, 1], [3, 1], [3, 2]))
    assert one.dtype == numpy.uint8 and one.shape[2] == 3
    assert all(38 <= side <= 60 for side in one.shape[:2])
    assert (one == same).all()
    assert one.shape != other.shape or (one != other).any()


@pytest.mark.parametrize('thing', sorted({things.hotdog, *things.LOOK_ALIKES, *things.SOURCE,
                                          *things.CLUTTER}, key=lambda thing: thing.__name__))
def test_every_thing_can_be_seen(thing):
    rng = numpy.random.default_rng(0)
    pen = drawn.Pen((80, 80), (40, 40), 30)
    thing(pen, rng)
    covered = (numpy.asarray(pen.layer)[..., 3] > 0).mean()
    assert 0.005 < covered < 0.6


def test_pictures_lie_as_image_folders_reads_them(tmp_path):
    root = drawn.draw_hotdogs(tmp_path / 'food', train=11, test=3, size=24, seed=1)
    folders = ImageFolders(root)
    assert folders.classes == ['hotdog', 'not-hotdog']
    assert len(folders.train) == 22 and len(folders.test) == 6
    assert folders.check(progress=False) == []
    assert sorted(os.listdir(tmp_path)) == ['food']


def test_source_has_no_hot_dog_and_shares_no_picture_with_the_target():
    assert len(drawn.SOURCE_CLASSES) >= 8
    assert things.hotdog not in things.SOURCE and 'hotdog' not in drawn.SOURCE_CLASSES
    source = drawn.draw_picture(things.banana, 24, drawn.picture_seed(0, 'train', 'banana', 4))
    target = drawn.draw_picture(things.banana, 24, drawn.picture_seed(0, 'train', 'not-hotdog', 4))
    assert source.size != target.size or source.tobytes() != target.tobytes()


def test_colour_alone_does_not_tell_hot_dogs(tmp_path):
    """The nearest mean colour histogram is little better than a guess."""
    def histograms(name, kinds, part):
        return numpy.array([
            numpy.histogramdd(numpy.asarray(drawn.draw_picture(
                kinds[i % len(kinds)], 32, drawn.picture_seed(0, part, name, i))).reshape(-1, 3),
                bins=4, range=[(0, 256)] * 3)[0].ravel() ** 0.5 for i in range(40)])
    centres = {name: histograms(name, kinds, 'train').mean(0)
               for name, kinds in drawn.HOTDOG_CLASSES.items()}
    right = 0
    for name, kinds in drawn.HOTDOG_CLASSES.items():
        for row in histograms(name, kinds, 'test'):
            nearest = min(centres, key=lambda other: ((row / 32 - centres[other] / 32) ** 2).sum())
            right += nearest == name
    assert right / 80 < 0.75


def test_drawing_that_breaks_off_leaves_nothing(tmp_path, monkeypatch):
    def broken(pen, rng):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        drawn.draw_folders(tmp_path / 'food', {'a': [broken], 'b': [broken]}, 1, 1)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_exists_is_left_alone(tmp_path):
    with pytest.raises(UsageError) as error:
        drawn.draw_hotdogs(tmp_path)
    assert str(error.value) == f'{tmp_path} exists already: name a folder that does not'
