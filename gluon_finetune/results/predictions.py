"""Predicted probabilities of labelled images, also as the file `predictions.csv` of a run."""
from __future__ import annotations

import csv
import io
from typing import Iterator, Mapping, NamedTuple, Sequence

import msgspec
import numpy as np

from ..data.check import BadImage
from ..data.folders import ImageFolders
from ..data.split import relative_paths
from ..errors import UsageError
from ..files.atomic import atomic_write
from ..files.read import read_bytes
from ..progress import tqdm
from ..runs.directory import RunDirectory
from ..types import NumPyArray, StrPath
from .predict import BATCH_SIZE, Predictor

COLUMNS = ('file', 'true', 'predicted', 'probability')   # and one for each class
MAX_BYTES = 1 << 32
_ROWS_PER_WRITE = 256
_DECIMALS = 6   # of probabilities in float32


class Predictions(NamedTuple):
    """Predictions of a network for labelled images."""

    paths: Sequence[str]
    labels: Sequence[int]        # index of the true class of each image
    probabilities: NumPyArray    # (images, classes)
    unreadable: Mapping[str, str] = {}   # path -> reason, of images that are not among these

    @property
    def predicted(self) -> NumPyArray:
        """The index of the most probable class of each image."""
        classes: NumPyArray = self.probabilities.argmax(axis=1)
        return classes

    @property
    def correct(self) -> NumPyArray:
        """Whether each image is classified correctly."""
        return np.asarray(self.predicted == np.asarray(self.labels))

    @property
    def accuracy(self) -> float:
        """The share of images that are classified correctly, from 0 to 1."""
        return float(self.correct.mean())


def predict_labelled(predictor: Predictor, items: Sequence[tuple[str, int]]) -> Predictions:
    """Predict images, of which `items` has (path, label); those that cannot be read are named."""
    rows: dict[str, NumPyArray] = {}
    unreadable: dict[str, str] = {}
    paths = [path for path, _ in items]
    batches = (paths[i:i + BATCH_SIZE] for i in range(0, len(paths), BATCH_SIZE))
    for path, answer in tqdm(predictor.stream(batches), 'predicting', len(paths), unit='images',
                             leave=False):
        if isinstance(answer, BadImage):
            unreadable[path] = answer.reason
        else:
            rows[path] = answer
    readable = [item for item in items if item[0] in rows]
    return Predictions([path for path, _ in readable], [label for _, label in readable],
                       np.array([rows[path] for path, _ in readable]), unreadable)


def predict_test_images(run: RunDirectory, folders: ImageFolders,
                        predictor: Predictor | None = None) -> Predictions:
    """Predict the test images of a run, except those that training skipped as unreadable.

    Args:
        run: A run with at least one completed epoch.
        folders: The images of the run, of which those for testing are used.
        predictor: That of the run, if it is loaded already.

    Raises:
        UsageError: `run` has no completed epoch, or no test image can be read.
    """
    skipped = run.skipped
    predictions = predict_labelled(
        predictor or Predictor.load(run.path),
        [item for item in folders.test.items if item[0] not in skipped])
    if not predictions.paths:
        reason = next(iter({**skipped, **predictions.unreadable}.values()), 'there are none')
        raise UsageError(f'no test image of {run.path} in {folders.root} can be read ({reason}): '
                         f'restore the images of the run')
    return predictions


def write_predictions(path: StrPath, predictions: Predictions, classes: Sequence[str],
                      folders: ImageFolders) -> None:
    """Write a table: file (relative to the data set), true and predicted class, probabilities.

    Raises:
        WorkError: The file cannot be written.
    """
    items = zip(predictions.paths, predictions.labels)
    files = relative_paths(folders.test.subset(items), folders.root)
    with atomic_write(path) as file:
        for text in _tables(files, predictions, classes):
            file.write(text.encode('utf-8', 'surrogateescape'))


def _tables(files: Sequence[str], predictions: Predictions,
            classes: Sequence[str]) -> Iterator[str]:
    """Yield the text of the table in parts; of 1,000 classes it is much longer than the page."""
    predicted = predictions.predicted
    quoted = [_quoted(name) for name in classes]
    yield ','.join([*map(_quoted, COLUMNS), *quoted]) + '\n'
    for start in range(0, len(files), _ROWS_PER_WRITE):
        rows = np.round(predictions.probabilities[start:start + _ROWS_PER_WRITE].astype(float),
                        _DECIMALS)
        lines = []
        for i, row in enumerate(rows.tolist(), start):
            numbers = msgspec.json.encode([row[predicted[i]], *row]).decode()   # fast, like repr
            lines.append(f'{_quoted(files[i])},{quoted[predictions.labels[i]]},'
                         f'{quoted[predicted[i]]},{numbers[1:-1]}\n')
        yield ''.join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


class Answers(NamedTuple):
    """The first columns of `predictions.csv`: of each file its true and its predicted class."""

    true: dict[str, str]
    predicted: dict[str, str]


def read_answers(path: StrPath) -> Answers:
    """Read a file of `write_predictions`.

    Raises:
        UsageError: The file cannot be read or is not such a table.
    """
    text = read_bytes(path, MAX_BYTES).decode('utf-8', 'surrogateescape')
    answers = Answers({}, {})
    try:
        table = csv.reader(io.StringIO(text, newline=''))
        heading = next(table, [])
        if tuple(heading[:len(COLUMNS)]) != COLUMNS:
            raise ValueError(f'its first line is {",".join(heading)!a:.80}')
        for file, true, predicted, *_ in table:
            answers.true[file], answers.predicted[file] = true, predicted
    except (ValueError, csv.Error) as error:
        raise UsageError(f'{path} is not a table of predictions: expected the columns '
                         f'{", ".join(COLUMNS)} and one for each class ({error})') from None
    return answers
