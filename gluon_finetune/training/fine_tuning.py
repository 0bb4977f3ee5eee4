"""The chapter's `train_fine_tuning`: data, network and trainer, brought together for the loop."""
from __future__ import annotations

import contextlib
import signal
import warnings
from typing import Any, Generator, Iterable, Sequence

from ..config import Config, options, replace_options
from ..data.duplicates import find_copies, without_leaks
from ..data.folders import ImageFolders, hotdog, refuse_bad_images
from ..data.loader import load_data
from ..progress import log
from ..types import Batch, Device, Net
from .devices import check_dtype, try_all_gpus
from .evaluate import evaluate_accuracy
from .history import History
from .interrupt import StopRequest, StopRequested, stop_on_signals
from .loop import recorded, seed_everything, train_steps
from .metrics import Meter
from .setup import check_output, set_up
from .warm_head import fit_output


def train_fine_tuning(net: Net, learning_rate: float, batch_size: int | None = None,
                      num_epochs: int | None = None, *, data: ImageFolders | None = None,
                      devices: Sequence[Device] | None = None, config: Config | None = None,
                      progress: bool = True, **given: Any) -> History:
    """Train `net` on a folder of images.

    Everything is checked before the first batch; warnings say what is not used of the folder, and
    which images are copies of others. With a `seed` the same call gives the same result on the same
    machine. Ctrl-C, or the stop button of a notebook, ends the training after the current batch:
    the history so far is returned. Source: the chapter, section "Fine-tuning the model".

    With validation images in `data`, each epoch is evaluated on these (`val_acc`), `history.best`
    is the best epoch by them, and the test images are read once, at the end. Their accuracy is the
    `test_acc` of the last record. `net` has the weights of the last epoch, whether it is the best
    or not.

    Args:
        net: A network with one output for each class, such as `finetune_net` returns.
        learning_rate: Learning rate of the features.
        batch_size: Images per step; by default that of `config`, the chapter's 128.
        num_epochs: Passes over the training images; by default that of `config`, the chapter's 5.
        data: By default the chapter's hot dogs.
        devices: By default every GPU, or the CPU.
        config: Values of the other options; by default the chapter's, without a seed.
        progress: Whether to show a progress bar; in a file or a pipe, a line per epoch.
        given: Other options of `Config`, which overrule `config`: `wd`, `image_size`, `min_area`,
            `drop_leaks`, `warm_head`, `seed`, `dtype`, `views`, `num_workers`, `cache`,
            `cache_limit`.

    Returns:
        One record for each finished epoch.

    Raises:
        UsageError: For an unknown option, a value out of range, images that cannot be decoded, or
            a net with another number of outputs than there are classes.
        Diverged: When the loss is NaN or infinite.
    """
    given['learning_rate'] = learning_rate
    for name, value in (('batch_size', batch_size), ('num_epochs', num_epochs)):
        if value is not None:
            given[name] = value
    known = [each.name for each in options() if not each.run_only]
    config = replace_options(config or Config(seed=None), given, known)
    folders = hotdog() if data is None else data
    devices = devices or try_all_gpus()
    check_dtype(config.dtype, devices)
    seed_everything(config.seed)
    check_output(net, config.image_size, len(folders.classes))
    refuse_bad_images(folders, progress)
    for sentence in (*folders.notes, *find_copies(folders, progress, config.drop_leaks)):
        warnings.warn(str(sentence), stacklevel=2)
    if config.drop_leaks:
        folders = without_leaks(folders)
    block, train_iter, eval_iter, loss, trainer = set_up(net, config, folders, devices, progress)
    if config.warm_head:
        fit_output(net, config, folders, progress)
    with stop_on_signals(signals=[signal.SIGINT]) as request:
        history = _train(request, config.num_epochs, progress, train_steps(
            block, train_iter, request.stoppable(eval_iter), loss, trainer, config.num_epochs,
            devices, seed=config.seed, progress=progress, eval_part=folders.eval_part))
        if folders.eval_part == 'val' and len(history) == config.num_epochs:
            _, test_iter = load_data(folders, config.batch_size, config.image_size,
                                     num_workers=config.num_workers)
            _test(history, net, request.stoppable(test_iter), devices)
    return history


def _test(history: History, net: Net, test_iter: Iterable[Batch],
          devices: Sequence[Device]) -> None:
    """Add the test accuracy to the record of the last epoch, unless there is a signal."""
    with contextlib.suppress(StopRequested):
        test_acc = evaluate_accuracy(net, test_iter, devices)
        history[-1] = history[-1]._replace(test_acc=test_acc)


def _train(request: StopRequest, num_epochs: int, progress: bool,
           steps: Generator[Meter, None, None]) -> History:
    """Return the `History` of the epochs that were finished before a signal."""
    history = History()
    with contextlib.closing(steps), contextlib.suppress(StopRequested):
        for _ in recorded(history, steps, progress):
            if request.signal:
                break
    if request.signal and len(history) < num_epochs:
        count = len(history)
        log(f'interrupted in epoch {count + 1} of {num_epochs}: the history has '
            f'{count or "no"} finished epoch{"s" * (count != 1)}')
    return history
