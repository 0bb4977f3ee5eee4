import numpy as np

from gluon_finetune.results.metrics import confusion


def test_confusion_counts_true_rows_and_predicted_columns():
    rows = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    assert confusion(rows, [0, 1, 1]).tolist() == [[1, 0], [1, 1]]
