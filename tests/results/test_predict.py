import numpy as np
import pytest

import gluon_finetune as gf
from gluon_finetune.errors import UsageError


@pytest.fixture
def folders(chairs):
    return gf.ImageFolders(chairs)


@pytest.fixture
def net(folders):
    gf.seed_everything(0)
    return gf.scratch_net('mobilenetv2_0.25', folders.classes)


def test_classes_are_ranked_by_probability(numpy_mode, folders):
    net = gf.scratch_net('mobilenetv2_0.25', folders.classes)
    path = folders.test.items[0][0]
    ranking = gf.Predictor(net, image_size=32)(path)
    assert sorted(name for name, _ in ranking) == folders.classes
    probabilities = [probability for _, probability in ranking]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1, abs=1e-5)


def test_a_file_and_its_pixels_and_a_list_agree(net, folders):
    predictor = gf.Predictor(net, image_size=32)
    paths = [path for path, _ in folders.test.items]
    together = predictor(paths)
    assert len(together) == len(paths)
    for index in (0, -1):
        alone, pixels = predictor(paths[index]), predictor(folders.test[index % len(paths)][0])
        for other in (alone, pixels):
            assert [name for name, _ in other] == [name for name, _ in together[index]]
            assert np.allclose([p for _, p in other], [p for _, p in together[index]], atol=1e-5)


def test_top_limits_the_classes(net, folders):
    assert len(gf.Predictor(net, image_size=32)(folders.test.items[0][0], top=1)) == 1


def test_there_must_be_a_name_for_each_output(net, folders):
    with pytest.raises(UsageError) as error:
        gf.Predictor(net, ['a', 'b', 'c', 'd', 'e', 'f'], image_size=32)(folders.test.items[0][0])
    assert str(error.value) == (f'6 class names for a net with {len(folders.classes)} outputs: '
                                f'pass one name for each output')
    with pytest.raises(UsageError) as error:
        gf.Predictor(gf.scratch_net('mobilenetv2_0.25', 4))
    assert str(error.value) == 'no class names: pass classes=, one name for each output of the net'
