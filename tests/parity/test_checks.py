"""Every check passes, and fails when PyTorch computes something else."""
import dataclasses
import functools

import pytest

from gluon_finetune.parity import checks, crops, images, mxnet_side, torch_side
from gluon_finetune.parity.inputs import Recipe
from gluon_finetune.parity.rows import DIFFERS, EQUAL, KNOWN, KnownDifference
from gluon_finetune.parity.torch_training import batch_norms, pytorch
from gluon_finetune.training import loop

pytestmark = pytest.mark.parity
CHECKS = {check.name: check for check in checks.all_checks()}
KNOWN_DIFFERENCES = {name for name, check in CHECKS.items() if isinstance(check, KnownDifference)}
SMALL = ['resnet18_v1', 'resnet18_v2', 'squeezenet1.1']   # networks with modified logits


@pytest.fixture(autouse=True)
def torch():
    return pytest.importorskip('torch')


@functools.lru_cache(maxsize=None)
def cached_mxnet(name):
    """MXNet's side of a check, which computes its results only once."""
    mxnet = CHECKS[name].mxnet
    return functools.lru_cache(maxsize=None)(
        lambda *dtype: list(mxnet(*dtype)) if dtype else mxnet())


def verdict(name, torch=None):
    check = CHECKS[name]
    if name in KNOWN_DIFFERENCES:
        return check.row().verdict
    mxnet = check.mxnet if name == '20 steps' else cached_mxnet(name)   # they would fill the memory
    return dataclasses.replace(check, mxnet=mxnet, torch=torch or check.torch).row().verdict


# VGGs with the same kinds of layers as the two others: half a minute and 7 GB each
REPEATS = [f'logits: {name}' for name in ('vgg11_bn', 'vgg13', 'vgg13_bn', 'vgg16', 'vgg16_bn',
                                          'vgg19')]


@pytest.mark.parametrize('name', [
    pytest.param(name, marks=[pytest.mark.repeats] * (name in REPEATS)) for name in CHECKS])
def test_check(name):
    assert verdict(name) in (EQUAL, KNOWN)


# Mistakes in the model

def one_weight_wrong(model):
    first_weights(model).view(-1)[0] *= 1.01


def one_epsilon_wrong(model):
    batch_norms(model)[-1].eps = 2e-5


def two_classes_swapped(model):
    for values in list(model.parameters())[-2:]:
        values.data[[0, 1]] = values.data[[1, 0]]


def wrong_batch_norm_momentum(model):
    batch_norms(model)[-1].momentum = 0.9


def input_statistics_stay(model):
    batch_norms(model)[0].momentum = 0


def first_weights(model):
    return next(values for values in model.parameters() if values.dim() == 4).data


# Mistakes in the training

def training(function='train', modify=None, **recipe):
    """PyTorch's side with a mistake in the model or the recipe."""
    return lambda dtype: getattr(torch_side, function)(Recipe(**recipe), dtype, modify)


def twenty_steps(modify=None, **recipe):
    recipe = {'steps': 2, 'learning_rate': 0.001, **recipe}   # two steps are enough

    def torch(dtype, seed=None):
        return checks.as_one_vector(torch_side.train(Recipe(**recipe), dtype, modify))
    return torch


def statistics_after_twenty_steps(dtype, seed=None):
    return torch_side.statistics(checks.TWENTY_STEPS, dtype, input_statistics_stay)


def not_frozen(dtype):
    """Freeze weights but not BatchNorm's statistics, as the chapter's exercise does."""
    patch = pytest.MonkeyPatch()
    patch.setattr(pytorch().nn.BatchNorm2d, 'eval', lambda layer: layer)
    try:
        return list(torch_side.train(Recipe(steps=3, freeze=True), dtype))
    finally:
        patch.undo()


def summed(**recipe):
    return training(batch_size=128, steps=2,
                    **{'learning_rate': 5e-5, 'wd': 0.001, 'by_sum': True, **recipe})


MISTAKES = [
    ('ToTensor', 'division by 256', lambda dtype: [
        ('', {'X': found['X'] * 255 / 256}) for _, found in images.torch_to_tensor(dtype)]),
    ('Normalize', 'standard deviation', lambda dtype: images.torch_normalize(
        dtype, std=(0.229, 0.224, 0.224))),
    ('Resize, CenterCrop', 'the short side',
     lambda: images.torch_grey_levels(images.noise(), size=256)),
    ('Resize, CenterCrop', 'antialias',
     lambda: images.torch_grey_levels(images.noise(), antialias=True)),
    ('RandomResizedCrop: area', 'from a seventh of the area',
     lambda: crops.areas(crops.torch_sizes(scale=(0.14, 1)))),
    ('RandomResizedCrop: aspect', 'from 4/5 to 5/4',
     lambda: crops.aspects(crops.torch_sizes(ratio=(4 / 5, 5 / 4)))),
    ('RandomFlipLeftRight', 'too rarely', lambda: crops.torch_flips(p=0.45)),
    *((f'logits: {network}', 'a weight', functools.partial(
        torch_side.logits, network, modify=one_weight_wrong)) for network in SMALL),
    *((f'logits: {network}', 'classes', functools.partial(
        torch_side.logits, network, modify=two_classes_swapped)) for network in SMALL),
    *((f'logits: {network}', 'epsilon', functools.partial(
        torch_side.logits, network, modify=one_epsilon_wrong)) for network in SMALL[:2]),
    ('loss', 'smoothed labels', functools.partial(torch_side.losses, label_smoothing=1e-5)),
    ('accuracy', 'one more correct', lambda: {'correct': torch_side.correct()['correct'] + 1}),
    ('gradient: resnet18_v2', 'epsilon', training('gradients', one_epsilon_wrong)),
    ('gradient: resnet18_v2', 'another batch', training('gradients', seed=4)),
    ('gradient: resnet18_v1', 'a weight', training(
        'gradients', one_weight_wrong, network='resnet18_v1', seed=8)),
    ('one step', 'no decay', training(wd=0)),
    ('one step', 'no faster output', training(lr_mult=1)),
    ('one step', 'the sum', training(by_sum=True)),
    ('momentum', 'none', training(steps=2)),
    ('momentum', 'another', training(steps=2, momentum=0.89)),
    ('20 steps', 'no decay', twenty_steps(wd=0)),
    ('20 steps', 'epsilon', twenty_steps(one_epsilon_wrong)),
    ('20 steps', 'a weight', twenty_steps(one_weight_wrong)),
    ('running statistics', 'variance over n - 1', lambda dtype: torch_side.statistics(
        Recipe(steps=2), dtype, unbiased=False)),
    ('running statistics', 'momentum', training(
        'statistics', wrong_batch_norm_momentum, steps=2)),
    ('running statistics', 'of the input', training('statistics', input_statistics_stay, steps=2)),
    ('statistics after 20 steps', 'of the input', statistics_after_twenty_steps),
    ('frozen features', 'statistics', not_frozen),
    ('frozen features', 'nothing frozen', training(steps=3)),
    ('sum and mean gradient', 'rate not translated', summed(learning_rate=6.4e-3)),
    ('sum and mean gradient', 'decay not translated', summed(wd=7.8e-6)),
]


@pytest.mark.parametrize('name, mistake, torch_with_mistake', MISTAKES,
                         ids=[f'{name}, {mistake}' for name, mistake, _ in MISTAKES])
def test_check_can_fail(name, mistake, torch_with_mistake):
    assert verdict(name, torch_with_mistake) == DIFFERS


@pytest.mark.parametrize('name', ['running statistics', 'statistics after 20 steps'])
def test_statistics_differ_without_the_gradient_of_the_input(name, monkeypatch):
    monkeypatch.setattr(loop, 'input_gradient', lambda net: list)
    assert CHECKS[name].row().verdict == DIFFERS


def test_every_check_can_fail():
    untested = set(CHECKS) - KNOWN_DIFFERENCES - {name for name, _, _ in MISTAKES}
    assert all(name.startswith('logits: ') for name in untested)


def test_known_differences_exist():
    measured = {name: CHECKS[name].row().measured for name in KNOWN_DIFFERENCES}
    assert measured.pop('JPEG decoders') <= 3   # 0 where both use the same library
    assert measured.pop('- centre crop by a pixel') == 56
    assert min(measured.values()) > 0.05


@pytest.mark.parametrize('image_size', [64, 224, 256])
def test_usual_image_sizes_are_cropped_alike(image_size):
    assert images.mxnet_first_row(image_size) == images.torch_first_row(image_size)


def test_numpy_arrays_give_the_same(numpy_mode):
    name = 'one step'
    assert CHECKS[name].row().verdict == EQUAL
    assert mxnet_side.correct() == torch_side.correct()
