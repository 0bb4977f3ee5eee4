import numpy as np
import pytest
from PIL import Image

import gluon_finetune as gf
from gluon_finetune.compat.imports import mx
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


def trained_by_the_fine_tuning(net, folders):
    gf.train_fine_tuning(net, 0.01, 8, 1, data=folders, image_size=32, progress=False)


def trained_by_the_loop(net, folders):
    train_iter, test_iter = gf.load_data(folders, 8, 48)
    net.initialize()
    net(next(iter(test_iter))[0])
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = mx.gluon.Trainer(net.collect_params(), 'sgd', {'learning_rate': 0.01})
    gf.train_ch13(net, train_iter, test_iter, loss, trainer, 1, progress=False)


@pytest.mark.filterwarnings('ignore:.*already initialized')
@pytest.mark.parametrize('train, size', [(trained_by_the_fine_tuning, 32),
                                         (trained_by_the_loop, 48)])
def test_size_and_background_of_the_training_are_those_of_the_predictions(
        numpy_mode, chairs, tmp_path, train, size):
    folders = gf.ImageFolders(chairs, background='black')
    net = gf.scratch_net('mobilenetv2_0.25', len(folders.classes))
    train(net, folders)
    paths = [path for path, _ in folders.test.items]
    plain, told = gf.Predictor(net, folders.classes), gf.Predictor(net, folders.classes, size)
    assert plain.image_size == net.image_size == size
    assert (plain.probabilities(paths) == told.probabilities(paths)).all()
    assert gf.Predictor(net, folders.classes, image_size=64).image_size == 64
    assert net.background == gf.finetune_net(net, 5).background == 'black'
    assert gf.finetune_net(net, 5).image_size == size
    icon = str(tmp_path / 'icon.png')
    Image.new('RGBA', (20, 20)).save(icon)
    for predictor, background in ((plain, 'black'),
                                  (gf.Predictor(net, folders.classes, background='grey'), 'grey')):
        assert (predictor.probabilities([icon]) == predictor.probabilities(
            [gf.read_image(icon, background)])).all()


def test_a_net_that_was_not_trained_predicts_at_the_size_of_imagenet(net):
    assert gf.Predictor(net).image_size == 224 and gf.Predictor(net).background == 'white'


def test_the_classes_of_the_training_images_are_noted(folders):
    net = gf.scratch_net('mobilenetv2_0.25', len(folders.classes))
    trained_by_the_fine_tuning(net, folders)
    assert gf.Predictor(net).classes == folders.classes
    named = gf.scratch_net('mobilenetv2_0.25', ['Bench', 'Sofa', 'Stool'])
    trained_by_the_fine_tuning(named, folders)
    assert gf.Predictor(named).classes == ['Bench', 'Sofa', 'Stool']


def test_the_same_classes_in_another_order_are_refused(folders):
    with pytest.raises(UsageError) as error:
        trained_by_the_fine_tuning(gf.scratch_net('mobilenetv2_0.25', folders.classes[::-1]),
                                   folders)
    assert str(error.value) == (
        'the net has the classes stool, sofa, bench, the data bench, sofa, stool: make the net '
        'with finetune_net(source, classes=folders.classes)')


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
