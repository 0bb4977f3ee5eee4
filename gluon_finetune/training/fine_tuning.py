"""The chapter's `train_fine_tuning`: data, network and trainer, brought together for the loop."""
from __future__ import annotations

import warnings
from typing import Any, Sequence

from ..config import Config, options, replace_options
from ..data.check import refuse_bad_images
from ..data.duplicates import find_copies, without_leaks
from ..data.folders import ImageFolders, hotdog
from ..types import Device, Net
from .devices import check_dtype, try_all_gpus
from .history import History
from .loop import seed_everything, train_ch13
from .setup import set_up


def train_fine_tuning(net: Net, learning_rate: float, batch_size: int | None = None,
                      num_epochs: int | None = None, *, data: ImageFolders | None = None,
                      devices: Sequence[Device] | None = None, config: Config | None = None,
                      progress: bool = True, **given: Any) -> History:
    """Train `net` on a folder of images.

    Everything is checked before the first batch. With a `seed` the same call gives the same result
    on the same machine. Source: the chapter, section "Fine-tuning the model".

    Args:
        net: A network with one output for each class, such as `finetune_net` returns.
        learning_rate: Learning rate of the features.
        batch_size: Images per step; by default that of `config`, the chapter's 128.
        num_epochs: Passes over the training images; by default that of `config`, the chapter's 5.
        data: By default the chapter's hot dogs.
        devices: By default every GPU, or the CPU.
        config: Values of the other options; by default the chapter's, without a seed.
        progress: Whether to show a progress bar.
        given: Other options of `Config`, which overrule `config`: `wd`, `image_size`, `min_area`,
            `drop_leaks`, `seed`, `dtype`, `views`, `num_workers`, `cache`, `cache_limit`.

    Returns:
        One record for each epoch.

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
    refuse_bad_images(folders, progress)
    for finding in find_copies(folders, progress, config.drop_leaks):
        warnings.warn(str(finding), stacklevel=2)
    if config.drop_leaks:
        folders = without_leaks(folders)
    seed_everything(config.seed)
    net, train_iter, test_iter, loss, trainer = set_up(net, config, folders, devices, progress)
    return train_ch13(net, train_iter, test_iter, loss, trainer, config.num_epochs, devices,
                      seed=config.seed, progress=progress)
