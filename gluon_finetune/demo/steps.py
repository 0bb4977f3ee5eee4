"""The four steps: pretrain a source network, copy its features, add an output layer, train."""
from __future__ import annotations

import dataclasses
import os
import time

from ..config import Config
from ..data.folders import ImageFolders
from ..models.finetune import finetune_net, scratch_net
from ..results.predict import Predictor
from ..runs.location import check_free, first_free
from ..synthetic import dataset
from ..training.fine_tuning import train_fine_tuning
from ..training.history import History
from ..training.loop import seed_everything
from .outcome import Outcome, verdict, write_results
from .source import MIN_AREA, NETWORK, SOURCE, Source, pretrained_file

DEFAULT_OUT = 'gluon-finetune-demo'


@dataclasses.dataclass(frozen=True)
class Target:
    """The target data set and how the networks are trained on it."""

    train: int = 250              # per class
    test: int = 100
    num_epochs: int = 5
    batch_size: int = 16          # the chapter's 128 would be too few steps on so few images
    learning_rate: float = 0.003  # smaller than the chapter's, like the batches
    scratch_learning_rate: float = 0.1


# For tests: everything runs, nothing is learned.
QUICK = {'source': Source(32, 4, 1), 'target': Target(8, 8, 2, 8)}


def run(out: str | None = None, seed: int = 0, progress: bool = True, source: Source = SOURCE,
        target: Target = Target()) -> Outcome:
    """Fine-tune a network, and train a scratch baseline, on synthetic images of hot dogs.

    Args:
        out: New folder for the images (`hotdog/`), `curves.png`, `predictions.png` and the
            histories as tables; by default the first of gluon-finetune-demo,
            gluon-finetune-demo-2, ... that does not exist.
        seed: Of the images, the weights and the training.
        progress: Whether to show progress bars.
        source: How the source network is made.
        target: The target data set and how the networks are trained on it.

    Raises:
        UsageError: If `out` exists and is not empty.
    """
    began = time.perf_counter()
    out = new_folder(out)
    folders = ImageFolders(dataset.draw_hotdogs(
        os.path.join(out, 'hotdog'), target.train, target.test, seed=seed, progress=progress))

    # 1. Pretrain the source network on the source data set, unless it is cached.
    source_began = time.perf_counter()
    source_file = pretrained_file(source, progress)
    source_seconds = time.perf_counter() - source_began

    # 2. Copy its features into a new network. 3. Add an output layer.
    seed_everything(seed)
    net = finetune_net(source_file, folders.classes)
    baseline = scratch_net(NETWORK, folders.classes)

    # 4. Train it on the target data set, and the scratch baseline too.
    config = Config(image_size=source.image_size, min_area=MIN_AREA, seed=seed)
    fine_tuned, scratch = (
        _finished(train_fine_tuning(untrained, learning_rate, target.batch_size, target.num_epochs,
                                    data=folders, config=config, progress=progress), target)
        for untrained, learning_rate in ((net, target.learning_rate),
                                         (baseline, target.scratch_learning_rate)))

    write_results(out, folders, Predictor(net, folders.classes, source.image_size), fine_tuned,
                  scratch)
    return {'out': out, 'source_file': source_file, 'source_seconds': source_seconds,
            'fine_tuned': fine_tuned, 'scratch': scratch, 'test_images': len(folders.test),
            'sentence': verdict(fine_tuned, scratch, len(folders.test)),
            'seconds': time.perf_counter() - began}


def _finished(history: History, target: Target) -> History:
    """Return the history; raise `KeyboardInterrupt` if Ctrl-C ended the training before its end."""
    if len(history) < target.num_epochs:
        raise KeyboardInterrupt
    return history


def new_folder(out: str | None = None) -> str:
    """Make the folder `out`, by default the first of gluon-finetune-demo, ...-2 that is free."""
    out = first_free(DEFAULT_OUT) if out is None else out
    check_free(out)
    os.makedirs(out, exist_ok=True)
    return out
