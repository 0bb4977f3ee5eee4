from gluon_finetune.models.mismatch import explain_mismatch

EXPECTED = {'conv.weight': (8, 3, 3, 3), 'bn.gamma': (0,), 'output.weight': (2, 8),
            'output.bias': (2,)}


def test_fitting_weights_need_no_explanation():
    found = {**EXPECTED, 'bn.gamma': (8,)}
    assert explain_mismatch(EXPECTED, found) is None
    assert explain_mismatch({**EXPECTED, 'bn.gamma': None}, found) is None


def test_names_what_is_missing_wrong_and_left_over():
    found = {'conv.weight': (8, 3, 1, 1), 'bn.gamma': (8,), 'output.weight': (2, 8),
             'fc.bias': (2,)}
    assert explain_mismatch(EXPECTED, found) == (
        'conv.weight is (8, 3, 1, 1) in the weights, (8, 3, 3, 3) in the network; '
        'output.bias (2,) is not in the weights; fc.bias (2,) is not in the network')


def test_names_three_and_counts_the_rest():
    assert explain_mismatch(EXPECTED, {}) == (
        'conv.weight (8, 3, 3, 3) is not in the weights; bn.gamma (0,) is not in the weights; '
        'output.weight (2, 8) is not in the weights; and 1 more')


def test_another_number_of_dimensions_does_not_fit():
    assert explain_mismatch({'a': (2, 0)}, {'a': (2,)}) == (
        'a is (2,) in the weights, (2, 0) in the network')
