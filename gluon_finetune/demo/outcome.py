"""The outcome of the demo: table, verdict, report and figures."""
from __future__ import annotations

import os
import random
from typing import TypedDict

from ..data.folders import ImageFolders
from ..data.image import read_image
from ..results.plot import plot_comparison, plot_predictions
from ..results.predict import Predictor
from ..training.history import History


class Outcome(TypedDict):
    """The return value of `run`."""

    out: str                # folder of the results
    source_file: str        # weights of the source network
    seconds: float          # of the complete demo
    source_seconds: float   # of it for the source network, near 0 if that was cached
    fine_tuned: History
    scratch: History        # of the scratch baseline
    test_images: int
    sentence: str           # the verdict


def report(outcome: Outcome) -> str:
    """Return table, verdict and paths as text."""
    out = outcome['out']
    return '\n'.join([
        '', table(outcome['fine_tuned'], outcome['scratch']), '', outcome['sentence'], '',
        f'curves       {os.path.join(out, "curves.png")}',
        f'predictions  {os.path.join(out, "predictions.png")}',
        f'images       {os.path.join(out, "hotdog")}',
        f'source net   {outcome["source_file"]} (cached for the next run)',
        f'{outcome["seconds"]:.0f} s in all, {outcome["source_seconds"]:.0f} s for the source net'])


def table(fine_tuned: History, scratch: History) -> str:
    """Return two histories side by side, one epoch a line."""
    lines = ['            fine-tuned                   from scratch',
             'epoch   loss  train acc  test acc    loss  train acc  test acc']
    for records in zip(fine_tuned, scratch):
        lines.append(f'{records[0].epoch:5}' + ''.join(
            f'{record.loss:7.3f}  {record.train_acc:9.3f}  {record.test_acc:8.3f} '
            for record in records).rstrip())
    return '\n'.join(lines)


def verdict(fine_tuned: History, scratch: History, test_images: int) -> str:
    """Return one sentence that compares the final accuracies, both on `test_images` images.

    A difference of at most twice its standard error is not called a difference.
    """
    fine_tuned_acc, scratch_acc = fine_tuned[-1].test_acc, scratch[-1].test_acc
    variance = fine_tuned_acc * (1 - fine_tuned_acc) + scratch_acc * (1 - scratch_acc)
    standard_error = (variance / test_images) ** .5
    epochs = f'{len(fine_tuned)} epoch{"s" * (len(fine_tuned) > 1)}'
    facts = (f'After {epochs} the fine-tuned net classifies {fine_tuned_acc:.1%} of the '
             f'{test_images} test images correctly, the scratch baseline {scratch_acc:.1%}')
    points = 100 * (fine_tuned_acc - scratch_acc)
    if abs(fine_tuned_acc - scratch_acc) <= 2 * standard_error:
        return f'{facts}: on so few images the difference is not significant.'
    if points < 0:
        return f'{facts}: in this run fine-tuning is behind by {-points:.1f} points.'
    return f'{facts}: fine-tuning is ahead by {points:.1f} points.'


def write_results(out: str, folders: ImageFolders, predictor: Predictor, fine_tuned: History,
                  scratch: History) -> None:
    """Write histories and figures into the folder `out`."""
    histories = {'fine-tuned': fine_tuned, 'from scratch': scratch}
    for name, history in histories.items():
        history.to_csv(os.path.join(out, f'{name.replace(" ", "-")}.csv'))
    plot_comparison(histories, os.path.join(out, 'curves.png'))
    items = random.Random(0).sample(folders.test.items, min(24, len(folders.test)))
    imgs = [read_image(path) for path, _ in items]
    plot_predictions(imgs, [folders.classes[label] for _, label in items], predictor(imgs),
                     path=os.path.join(out, 'predictions.png'))
