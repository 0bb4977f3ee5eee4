import numpy as np
import pytest
from messages import message

from gluon_finetune.data.folders import ImageFolders
from gluon_finetune.results.predictions import Predictions, read_answers, write_predictions


def test_shares():
    predictions = Predictions(['a', 'b', 'c', 'd'], [0, 1, 1, 1],
                              np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]]))
    assert predictions.predicted.tolist() == [0, 1, 0, 1]
    assert predictions.correct.tolist() == [True, True, False, True]
    assert predictions.accuracy == 0.75


@pytest.fixture
def written(chairs_copy, tmp_path):
    (chairs_copy / 'test' / 'sofa' / '0.jpg').rename(
        chairs_copy / 'test' / 'sofa' / 'a "b",\nc.jpg')
    folders = ImageFolders(chairs_copy)
    paths, labels = zip(*folders.test.items)
    rows = np.full((12, 3), 0.123456789, 'float32')
    rows[:, 1] = 1 - 2 * rows[:, 0]
    write_predictions(tmp_path / 'predictions.csv', Predictions(paths, labels, rows),
                      folders.classes, folders)
    return tmp_path / 'predictions.csv'


def test_the_table(written):
    lines = written.read_text().splitlines()
    assert lines[0] == '"file","true","predicted","probability","bench","sofa","stool"'
    assert lines[1] == ('"test/bench/0.jpg","bench","sofa",0.753086,0.123457,0.753086,0.123457')
    assert '"test/sofa/a ""b"",' in lines


def test_answers_are_read_again(written):
    answers = read_answers(written)
    assert answers.true['test/sofa/a "b",\nc.jpg'] == 'sofa' and len(answers.true) == 12
    assert set(answers.predicted.values()) == {'sofa'}


@pytest.mark.parametrize('content, reason', [
    (b'', "its first line is ''"), (b'a,b\n', "its first line is 'a,b'"),
    (b'file,true,predicted,probability\nx,y\n', 'not enough values')])
def test_other_files(tmp_path, content, reason):
    path = tmp_path / 'predictions.csv'
    path.write_bytes(content)
    text = message(read_answers, path)
    assert text.startswith(f'{path} is not a table of predictions: expected the columns file, true,'
                           f' predicted, probability and one for each class ({reason}')
