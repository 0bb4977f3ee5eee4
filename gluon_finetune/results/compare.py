"""Runs side by side: accuracies, learning curves, settings that differ, and McNemar's test."""
from __future__ import annotations

import itertools
import os
from typing import Any, NamedTuple, Sequence

import numpy as np

from ..config import options
from ..errors import UsageError
from ..runs.directory import RunDirectory
from ..types import NumPyArray, StrPath
from .charts import Chart, Series, line_chart
from .metrics import Interval, McNemar, mcnemar, wilson_interval
from .page import write_page
from .predict import check_finished
from .predictions import Answers, read_answers

NUM_STYLES = 5   # of lines, in the templates


class ComparedRun(NamedTuple):
    """A run of a comparison."""

    name: str
    network: str
    epochs: int
    best_epoch: int
    accuracy: float            # of the best epoch, as the history has it
    images: int | None         # test images; None without usable predictions
    interval: Interval | None  # 95%, of the accuracy on these
    problem: str               # why it takes no part in McNemar's test, '' if it does


class Setting(NamedTuple):
    """An option that differs, and its value in each run."""

    flag: str
    values: list[str]


class Pair(NamedTuple):
    """Two runs on the same test images; `test` is None where they are not the same."""

    first: str
    second: str
    test: McNemar | None
    problem: str


class Comparison(NamedTuple):
    """The result of `compare_runs`."""

    runs: list[ComparedRun]
    settings: list[Setting]
    pairs: list[Pair]
    charts: list[Chart]


def compare_runs(paths: Sequence[StrPath]) -> Comparison:
    """Compare runs by the files in their directories; neither images nor networks are read.

    Two runs are tested on the same images if these have equal names and classes, and equal bytes
    where the runs have noted their SHA-256.

    Args:
        paths: At least two run directories.

    Raises:
        UsageError: There are fewer, one is named twice, or one is no run with a completed epoch.
    """
    if len(paths) < 2:
        raise UsageError(f'comparing takes at least 2 runs, not {len(paths)}')
    runs = [RunDirectory.open(path) for path in paths]
    for run in runs:
        check_finished(run)
    twice = [path for i, path in enumerate(paths)
             if any(os.path.samefile(path, other) for other in paths[:i])]
    if twice:
        raise UsageError(f'{twice[0]} is named twice: give each run once')
    names = _short_names([run.path for run in runs])
    answers = [_answers(run) for run in runs]
    return Comparison(
        [_summary(name, run, found) for name, run, found in zip(names, runs, answers)],
        _differing_settings(runs),
        [_pair(*pair) for pair in itertools.combinations(zip(names, runs, answers), 2)],
        _charts(names, runs))


def write_comparison(path: StrPath, comparison: Comparison) -> None:
    """Write a comparison as a self-contained HTML page.

    Raises:
        WorkError: The file cannot be written.
    """
    names = [run.name for run in comparison.runs]
    write_page(path, 'compare.html', title=' · '.join(names), **comparison._asdict())


def _short_names(paths: Sequence[str]) -> list[str]:
    """Return the names of the directories, with those above them as far as they differ by these."""
    parts = [os.path.abspath(path).split(os.sep) for path in paths]
    for count in range(1, max(map(len, parts)) + 1):
        names = ['/'.join(part[-count:]) for part in parts]
        if len(set(names)) == len(names):
            break
    return names


def _answers(run: RunDirectory) -> Answers | str:
    """Return the predictions of a run for its test images, or why there are none."""
    path, again = run.file('predictions.csv'), f'gluon-finetune report {run.path}'
    if not os.path.exists(path):
        return f'no predictions.csv: make it with {again}'
    if os.path.getmtime(path) < os.path.getmtime(run.best_weights):
        return f'predictions.csv is older than the weights: make it again with {again}'
    return read_answers(path)


def _summary(name: str, run: RunDirectory, answers: Answers | str) -> ComparedRun:
    history, best = run.history, run.history.best
    images, interval, accuracy = None, None, best.test_acc
    if isinstance(answers, Answers):
        right, images = int(_correct(answers, list(answers.true)).sum()), len(answers.true)
        interval, accuracy = wilson_interval(right, images), right / images
    return ComparedRun(name, str(run.config.network), len(history), best.epoch, accuracy, images,
                       interval, answers if isinstance(answers, str) else '')


def _differing_settings(runs: Sequence[RunDirectory]) -> list[Setting]:
    found = [Setting(each.flag, [_shown(getattr(run.config, each.name)) for run in runs])
             for each in options()]
    data = Setting('DATA', [run.data or '' for run in runs])
    return [each for each in [data, *found] if len(set(each.values)) > 1]


def _shown(value: Any) -> str:
    return '' if value is None else str(value)


def _pair(one: tuple[str, RunDirectory, Answers | str],
          other: tuple[str, RunDirectory, Answers | str]) -> Pair:
    (first, run, answers), (second, other_run, other_answers) = one, other
    if isinstance(answers, str) or isinstance(other_answers, str):
        return Pair(first, second, None, 'predictions are missing')
    if answers.true != other_answers.true or _test_hashes(run) != _test_hashes(other_run):
        return Pair(first, second, None, 'their test images are not the same')
    files = list(answers.true)
    return Pair(first, second, mcnemar(_correct(answers, files), _correct(other_answers, files)),
                '')


def _correct(answers: Answers, files: Sequence[str]) -> NumPyArray:
    return np.array([answers.true[file] == answers.predicted[file] for file in files])


def _test_hashes(run: RunDirectory) -> dict[str, str]:
    return {path: sha256 for (part, _, path), sha256 in run.manifest.items() if part == 'test'}


def _charts(names: Sequence[str], runs: Sequence[RunDirectory]) -> list[Chart]:
    """Return the curves of all runs over one another."""
    def series(field: str) -> list[Series]:
        return [Series(name, f'c{i % NUM_STYLES}',
                       [(record.epoch, getattr(record, field, float('nan')))
                        for record in run.history])
                for i, (name, run) in enumerate(zip(names, runs))]
    charts = [line_chart('test accuracy', series('test_acc'), percent=True),
              line_chart('validation accuracy', series('val_acc'), percent=True),
              line_chart('training accuracy', series('train_acc'), percent=True),
              line_chart('training loss', series('loss'))]
    return [chart for chart in charts if chart.lines]
