import re

import pytest

from gluon_finetune import UsageError, network_names, source_net
from gluon_finetune.compat.imports import gluoncv, mx
from gluon_finetune.models.zoo import GLUON, GLUONCV, build_net, network_of_file, zoo_file


def test_every_classifier_of_gluon_is_listed():
    assert set(GLUON) == set(mx.gluon.model_zoo.model_store._model_sha1)


@pytest.mark.mxnet1
def test_gluoncv_adds_networks():
    assert set(GLUONCV) <= set(gluoncv().model_zoo.get_model_list())
    assert not set(GLUONCV) & set(GLUON) and len(network_names()) == 113


@pytest.mark.parametrize('file, name', [
    ('resnet18_v2-a81db45f.params', 'resnet18_v2'), ('/a/b/resnet18_v2.params', 'resnet18_v2'),
    ('mobilenetv2_1.0-imagenet.params', 'mobilenetv2_1.0'),
    ('mobilenet1.0.params', 'mobilenet1.0'), ('resnet18_v1b_0.89-x.params', 'resnet18_v1b_0.89'),
    ('resnet18_v1b_2.6x-x.params', 'resnet18_v1b_0.89'), ('hrnet_w18_cls-x.params', 'hrnet_w18_c'),
    ('vgg16_bn-1.params', 'vgg16_bn'), ('vgg16-1.params', 'vgg16'),
    ('mobilenet1.0_int8.params', None), ('my.params', None), ('xresnet18_v2.params', None)])
def test_the_network_is_the_start_of_the_file_name(file, name):
    assert network_of_file(file) == name


@pytest.mark.parametrize('name, hint', [
    ('resnet18v2', 'did you mean resnet18_v2 or '), ('qqq', 'network_names() lists all')])
def test_unknown_names_get_a_hint(name, hint):
    for ask in (build_net, zoo_file, source_net):
        with pytest.raises(UsageError, match=re.escape(f'unknown network {name!r}: {hint}')):
            ask(name)


@pytest.mark.mxnet1
def test_a_network_without_weights_in_the_zoo():
    with pytest.raises(UsageError, match=re.escape(
            'the zoo has no pretrained weights for shufflenet_v1: pass a weights file, or train '
            "from scratch with scratch_net('shufflenet_v1')")):
        zoo_file('shufflenet_v1')


@pytest.mark.mxnet1
def test_dropblock_is_off():
    rates = []
    build_net('resnest26').apply(lambda block: rates.append(getattr(block, 'drop_prob', None)))
    assert {rate for rate in rates if rate is not None} == {0}
