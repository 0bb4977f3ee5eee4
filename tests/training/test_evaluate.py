import numpy as np
import pytest

from gluon_finetune.compat.imports import array, mx
from gluon_finetune.errors import UsageError
from gluon_finetune.training.evaluate import (
    CPU_BATCH_SIZE,
    count_correct,
    evaluate_accuracy,
    predict_probabilities,
)

Y_HAT = [[0.1, 0.9, 0.0], [0.5, 0.2, 0.3], [0.3, 0.3, 0.4]]   # classes 1, 0 and 2


@pytest.mark.parametrize('dtype', ['int32', 'float32'])
def test_the_largest_output_counts(numpy_mode, dtype):
    y = array(np.array([1, 0, 1]), dtype=dtype)
    assert count_correct(array(Y_HAT), y).asnumpy().item() == 2


def test_of_soft_labels_the_largest_counts(numpy_mode):
    y = array([[0.2, 0.5, 0.3], [0.0, 0.6, 0.4], [0.1, 0.4, 0.5]])
    assert count_correct(array(Y_HAT), y).asnumpy().item() == 2


def identity():
    net = mx.gluon.nn.Dense(3, use_bias=False, in_units=3)
    net.initialize(mx.init.Constant(array(np.eye(3))))
    return net


@pytest.mark.parametrize('soft', [False, True])
def test_the_accuracy_of_batches_of_any_size(numpy_mode, soft):
    generator = np.random.RandomState(0)
    X, y = generator.randn(CPU_BATCH_SIZE + 9, 3), generator.randint(0, 3, CPU_BATCH_SIZE + 9)
    labels = array(np.eye(3)[y]) if soft else array(y, dtype='int32')
    accuracy = evaluate_accuracy(identity(), [(array(X), labels), (array(X[:2]), labels[:2])])
    right = X.argmax(axis=1) == y
    assert accuracy == pytest.approx((right.sum() + right[:2].sum()) / (len(X) + 2))


def test_an_empty_data_set_has_no_accuracy():
    with pytest.raises(UsageError) as error:
        evaluate_accuracy(identity(), [])
    assert str(error.value) == 'no examples to evaluate on: the data set is empty'


def test_probabilities_sum_to_one(numpy_mode):
    probabilities = predict_probabilities(identity(), array(Y_HAT))
    assert probabilities.shape == (3, 3) and probabilities.sum(axis=1) == pytest.approx(1)
    assert probabilities.argmax(axis=1).tolist() == [1, 0, 2]
