import numpy as np
import pytest

from gluon_finetune.compat.imports import structured_parameters
from gluon_finetune.models.pytorch.bridge import empty_net, torch_net
from gluon_finetune.models.pytorch.names import current_names, torch_names
from gluon_finetune.models.pytorch.pairs import PAIRS


@pytest.mark.parametrize('network', PAIRS)
def test_all_names_and_shapes_agree(torch, network):
    pair = PAIRS[network]
    with torch.device('meta'):  # allocates nothing
        state_dict = torch_net(network, 7).state_dict()
    net = empty_net(pair, 7)
    shapes = {counterpart: structured_parameters(net)[name].shape
              for name, counterpart in torch_names(net, pair).items() if counterpart}
    assert shapes == {name: tuple(tensor.shape) for name, tensor in state_dict.items()
                      if not name.endswith('num_batches_tracked')}


def test_names_of_2017_become_current():
    value = np.ones(3, 'float16')
    found = current_names({
        'features.denseblock1.denselayer2.norm.1.weight': value,
        'features.denseblock1.denselayer2.conv.2.weight': value,
        'features.norm0.weight': value, 'features.norm0.num_batches_tracked': np.array(7)})
    assert list(found) == ['features.denseblock1.denselayer2.norm1.weight',
                           'features.denseblock1.denselayer2.conv2.weight',
                           'features.norm0.weight']
    assert {value.dtype.name for value in found.values()} == {'float32'}
