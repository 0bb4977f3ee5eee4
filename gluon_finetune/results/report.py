"""The report of a run: one self-contained HTML page in which all names and values are escaped."""
from __future__ import annotations

import base64
import html
import io
import os
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

import numpy as np

from ..data.folders import ImageFolders
from ..errors import UsageError
from ..files.atomic import atomic_write
from ..runs.directory import RunDirectory
from ..training.history import History
from ..types import Figure, NumPyArray
from .evaluate import predict_items
from .metrics import confusion
from .plot import RIGHT, WRONG
from .predict import Predictor
from .thumbnails import jpeg_url, read_thumbnail

THUMBNAIL_SIDE = 192   # pixels
MAX_MATRIX_CLASSES = 100   # the matrix of 1,000 classes would be a page of 11 MB
MAX_CONFUSIONS = 50

PAGE = '''<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto }}
table {{ border-collapse: collapse; margin: 1rem 0 }}
th, td {{ border-bottom: 1px solid #ccc; padding: .25rem .8rem; text-align: right }}
th:first-child, td:first-child {{ text-align: left }}
img {{ max-width: 100% }}
figure {{ display: inline-block; width: 8rem; margin: .5rem; vertical-align: top }}
figcaption {{ font-size: .8rem; overflow-wrap: anywhere; white-space: pre-wrap }}
</style></head><body>
<h1>{title}</h1>
<p>{summary}</p>
<h2>Curves</h2><img alt="loss and accuracy over the epochs" src="{curves}">
<h2>Epochs</h2>{epochs}
<h2>Test images</h2>{confusion}
<p>The {count} images with the lowest predicted probability of their true class:</p>
{images}
{skipped}<h2>Settings</h2>{settings}
</body></html>
'''


class Predictions(NamedTuple):
    """Predictions of the best network of a run for its test images."""

    paths: Sequence[str]
    labels: Sequence[int]        # index of the true class of each image
    probabilities: NumPyArray    # (images, classes)
    skipped: Mapping[str, str]   # path -> reason of images that could not be read

    @property
    def accuracy(self) -> float:
        """The share of images that are classified correctly, from 0 to 1."""
        return float((self.probabilities.argmax(axis=1) == self.labels).mean())


def predict_test_images(run: RunDirectory, folders: ImageFolders) -> Predictions:
    """Predict the test images of a run, except those that training skipped as unreadable.

    Args:
        run: A run with at least one completed epoch.
        folders: The images of the run, of which those for testing are used.

    Raises:
        UsageError: `run` has no completed epoch, or a test image is not readable and the run does
            not skip those.
    """
    predictor, skipped = Predictor.load(run.path), run.skipped
    items, rows, bad = predict_items(
        predictor, [item for item in folders.test.items if item[0] not in skipped])
    if bad and run.config.on_bad == 'stop':
        raise UsageError(f'cannot use the image {bad[0].path}: {bad[0].reason}')
    return Predictions([path for path, _ in items], [label for _, label in items], rows,
                       {**skipped, **dict(bad)})


def write_report(run: RunDirectory, folders: ImageFolders, hardest: int = 18,
                 predictions: Predictions | None = None) -> str:
    """Write the HTML report of a run into its directory.

    The best network of the run predicts the test images; those that training skipped as unreadable
    are not used.

    Args:
        run: A run with at least one completed epoch.
        folders: The images of the run, of which those for testing are used.
        hardest: How many of the images with the lowest probability of their true class to show.
        predictions: Those of `predict_test_images`, if they were made before.

    Returns:
        Path of `report.html`.

    Raises:
        UsageError: As `predict_test_images`.
    """
    tested = predictions or predict_test_images(run, folders)
    paths, labels, rows, skipped = tested
    history, classes, counts = run.history, run.classes, confusion(rows, labels)
    summary = (f'{run.config.network}, {len(history)} epochs: {counts.trace()} of {counts.sum()} '
               f'test images classified correctly ({tested.accuracy:.3f}) with the weights of '
               f'epoch {history.best.epoch}, {_choice(history)}.')
    order = sorted(range(len(paths)), key=lambda i: rows[i][labels[i]])[:hardest]
    images = [_image(paths[i], classes[labels[i]], classes[rows[i].argmax()], rows[i].max())
              for i in order]
    page = PAGE.format(
        title=html.escape(os.path.basename(os.path.abspath(run.path))),
        summary=html.escape(summary),
        curves=_embed(history.plot(path=run.file('curves.png')).figure),
        epochs=_table(history.columns, [[f'{value:.4g}' for value in record.measured().values()]
                                        for record in history]),
        confusion=_confusion(classes, counts), images='\n'.join(images), count=len(order),
        skipped=_skipped(skipped),
        settings=_table(['setting', 'value'], vars(run.config).items()))
    path: str = run.file('report.html')
    with atomic_write(path) as file:
        file.write(page.encode('utf-8', 'backslashreplace'))
    return path


def _choice(history: History) -> str:
    """Return how the best epoch was chosen, for a sentence."""
    best = history.best
    return (f'chosen on the validation images (accuracy {best.val_acc:.3f})' if best.is_validated
            else 'chosen on the test images')


def _skipped(images: Mapping[str, str]) -> str:
    if not images:
        return ''
    return (f'<h2>Skipped images</h2><p>Images that could not be read in at least one epoch: '
            f'{len(images)}.</p>{_table(["image", "reason"], images.items())}\n')


def _confusion(classes: Sequence[str], counts: NumPyArray) -> str:
    """Return the confusion matrix; of many classes, those that are confused most often."""
    if len(classes) <= MAX_MATRIX_CLASSES:
        return ('<p>Rows are true classes, columns predicted classes.</p>'
                + _table(['', *classes], [[name, *row] for name, row in zip(classes, counts)]))
    errors = [(counts[i, j], i, j) for i, j in zip(*np.nonzero(counts)) if i != j]
    most = sorted(errors, key=lambda error: (-error[0], *error[1:]))[:MAX_CONFUSIONS]
    return (f'<p>The {len(most)} most frequent of {len(errors)} confusions of {len(classes)} '
            f'classes; <code>gluon-finetune evaluate --json</code> gives the complete matrix.</p>'
            + _table(['true class', 'predicted class', 'images'],
                     [[classes[i], classes[j], count] for count, i, j in most]))


def _image(path: str, label: str, name: str, probability: float) -> str:
    """Return a test image with its predicted class, and the true one where that is another."""
    caption = f'{name} {probability:.2f}' + ('' if name == label else f'\nis {label}')
    return (f'<figure><img alt="" src="{jpeg_url(read_thumbnail(path, THUMBNAIL_SIDE))}">'
            f'<figcaption style="color: {RIGHT if name == label else WRONG}">'
            f'{html.escape(caption)}</figcaption></figure>')


def _table(heading: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    lines = [_row('th', heading), *(_row('td', row) for row in rows)]
    return f'<table>{"".join(lines)}</table>'


def _row(tag: str, values: Iterable[Any]) -> str:
    cells = (f'<{tag}>{html.escape(str(value))}</{tag}>' for value in values)
    return f'<tr>{"".join(cells)}</tr>'


def _embed(figure: Figure) -> str:
    """Return the figure as a data URL of a PNG image."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=110)
    return 'data:image/png;base64,' + base64.b64encode(buffer.getvalue()).decode()
