"""The report of a run: a self-contained page, and the table of its predictions."""
from __future__ import annotations

import math
import os
import warnings
from typing import Any

from ...data.folders import ImageFolders
from ...data.scan import shortlist
from ...runs.directory import RunDirectory
from ...training.history import History, Record
from ...types import Net
from ..charts import Chart, Series, line_chart, reliability_diagram
from ..metrics import calibration
from ..page import write_page
from ..predict import Predictor
from ..predictions import Predictions, predict_test_images, write_predictions
from .baseline import find_baseline
from .classes import confusions, scores
from .data import MAX_LISTED, MAX_TRAINING_IMAGES, copies, counts, gone_images, label_errors
from .images import Cards, least_sure, most_wrong, training_crops
from .settings import command_of, parameter_groups, settings_of
from .verdict import judge

__all__ = ['Predictions', 'predict_test_images', 'write_report']

MAX_CROPS = 12   # training images that are shown


def write_report(run: RunDirectory, folders: ImageFolders, hardest: int = 12,
                 predictions: Predictions | None = None,
                 baseline: RunDirectory | None = None) -> str:
    """Write the report of a run into its directory: `report.html` and `predictions.csv`.

    The best network of the run predicts the test images; those that training skipped as unreadable
    are not used, and those that are gone or unreadable since are named.

    Args:
        run: A run with at least one completed epoch.
        folders: The images of the run, of which those for testing are used.
        hardest: How many images to show of those most wrong, least sure and likely mislabelled.
        predictions: Those of `predict_test_images`, if they were made before.
        baseline: The scratch baseline; by default a run from scratch beside this one with the same
            network, image size and images, if there is one.

    Returns:
        Path of `report.html`.

    Raises:
        UsageError: `run` has no completed epoch, or no test image can be read.
        WorkError: The files cannot be written.
    """
    predictor = Predictor.load(run.path)
    predictions = predictions or predict_test_images(run, folders, predictor)
    original, skipped = run.original_images(folders), run.skipped
    gone = gone_images(original, folders, predictions, skipped)
    if gone:
        warnings.warn(f'{len(gone)} test image{"s" * (len(gone) > 1)} of the run cannot be used '
                      f'any more ({shortlist(list(gone))}): the report is about the others')
    write_predictions(run.file('predictions.csv'), predictions, run.classes, folders)
    run.history.plot(path=run.file('curves.png'))
    path: str = run.file('report.html')
    baseline, found = baseline or find_baseline(run), copies(run, original)
    write_page(path, 'report.html', title=os.path.basename(os.path.abspath(run.path)), run=run,
               gone=gone, skipped=skipped, folders=folders,
               findings=found.findings, max_listed=MAX_LISTED,
               verdict=judge(run, predictions, found.leaks,
                             baseline.history if baseline else None),
               **_results(run, folders, predictor, predictions, hardest),
               **_training(run, folders, predictor.net, baseline))
    return path


def _results(run: RunDirectory, folders: ImageFolders, predictor: Predictor,
             predictions: Predictions, hardest: int) -> dict[str, Any]:
    """Return what the page shows of the predictions."""
    cards = Cards(predictor, predictions, folders)
    wrong, unsure = most_wrong(predictions, hardest), least_sure(predictions, hardest)
    cards.look([*wrong, *unsure])
    calibrated = calibration(predictions.probabilities, predictions.labels)
    return {
        'wrong': cards.make(wrong), 'unsure': cards.make(unsure), 'glow_inset': cards.glow_inset,
        'no_maps': cards.no_maps, 'confusions': confusions(run.classes, predictions),
        'scores': scores(run.classes, predictions, [label for _, label in folders.train.items]),
        'calibration': calibrated, 'reliability': reliability_diagram(calibrated),
        'label_errors': label_errors(predictor, predictions, folders, hardest),
        'max_training_images': MAX_TRAINING_IMAGES}


def _training(run: RunDirectory, folders: ImageFolders, net: Net,
              baseline: RunDirectory | None) -> dict[str, Any]:
    """Return what the page shows of the training."""
    return {
        'charts': curves(run.history, baseline.history if baseline else None),
        'baseline': baseline, 'crops': training_crops(folders, run.config, MAX_CROPS),
        'groups': parameter_groups(run, net), 'counts': counts(folders),
        'settings': settings_of(run), 'environment': run.environment,
        'command': command_of(run, folders.root), **_epochs(run.history)}


def _epochs(history: History) -> dict[str, Any]:
    """Return the table of the epochs, without columns that were not measured."""
    names = [name for name in Record._fields
             if any(math.isfinite(getattr(record, name)) for record in history)]
    return {'epoch_columns': [name.replace('_', ' ') for name in names],
            'epochs': [[f'{getattr(record, name):.4g}' for name in names] for record in history]}


def curves(history: History, baseline: History | None) -> list[Chart]:
    """Return the charts of loss and accuracy over the epochs."""
    accuracies = [Series('training', 'train', _values(history, 'train_acc')),
                  Series('validation', 'val', _values(history, 'val_acc')),
                  Series('test', 'test', _values(history, 'test_acc'))]
    losses = [Series('training', 'train', _values(history, 'loss'))]
    if baseline:
        accuracies += [Series('scratch baseline, validation', 'scratch',
                              _values(baseline, 'val_acc')),
                       Series('scratch baseline, test', 'scratch', _values(baseline, 'test_acc'))]
        losses.append(Series('scratch baseline', 'scratch', _values(baseline, 'loss')))
    return [line_chart('accuracy', accuracies, percent=True), line_chart('training loss', losses)]


def _values(history: History, name: str) -> list[tuple[float, float]]:
    return [(record.epoch, getattr(record, name, float('nan'))) for record in history]
