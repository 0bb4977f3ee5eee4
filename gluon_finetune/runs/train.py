"""Starting, resuming and training a run."""
from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import warnings
from typing import Iterator, Sequence

from ..compat.imports import set_attribute
from ..config import DEFAULT_NETWORK, Config
from ..data.duplicates import without_leaks
from ..data.folders import ImageFolders, refuse_bad_images
from ..errors import Diverged, UsageError
from ..files.locks import lock_folder
from ..models.finetune import finetune_net, scratch_net
from ..models.freeze import freeze_features
from ..models.source import load_weights, source_net
from ..models.zoo import network_names, unknown_network
from ..training.devices import check_dtype, try_all_gpus
from ..training.history import Record
from ..training.interrupt import stop_on_signals
from ..training.loop import seed_everything, train_steps
from ..training.setup import check_output, prepare, set_up
from ..training.warm_head import fit_output
from ..types import Device, Net, StrPath
from .checkpoint import Notify
from .directory import RunDirectory
from .identity import (
    check_background,
    check_same_images,
    check_same_settings,
    with_earlier_values,
)
from .location import check_free, check_outside
from .manifest import Manifest
from .session import Session
from .tensorboard import check_tensorboard, with_events


def start_run(path: StrPath, config: Config, folders: ImageFolders,
              devices: Sequence[Device] | None = None) -> tuple[Net, RunDirectory]:
    """Create the network and the run directory of a new run.

    Nothing is written before everything was checked.

    Args:
        path: Path of the new run directory.
        config: The settings; without a seed, the run gets a random one.
        folders: The images.
        devices: Devices it will be trained on (default: every GPU, or the CPU).

    Returns:
        `(net, run)` for `train_run`.

    Raises:
        UsageError: The folder is not empty, an image cannot be decoded, or settings and images do
            not match the network, the devices or each other.
        WorkError: Weights cannot be downloaded, or the folder cannot be written.
    """
    check_start(path, config, folders.root, devices)
    check_background(config, folders)
    net, config = new_net(config, folders.classes)
    return net, create_run(path, config, folders)


def check_start(path: StrPath, config: Config, data: StrPath,
                devices: Sequence[Device] | None = None) -> None:
    """Make the checks of `start_run` that need neither the images in `data` nor the weights."""
    check_free(path)
    check_outside(path, data)
    check_tensorboard(config)
    check_dtype(config.dtype, devices or try_all_gpus())
    if config.network not in (None, *network_names()):
        raise UsageError(unknown_network(str(config.network)))
    if config.source not in (None, *network_names()) and not os.path.exists(str(config.source)):
        source_net(str(config.source))   # explains what is wrong with it


def new_net(config: Config, classes: Sequence[str]) -> tuple[Net, Config]:
    """Return the network of a new run, and `config` with the network's name and with a seed."""
    if config.seed is None:   # only a run with a known seed can be resumed
        config = dataclasses.replace(config, seed=random.SystemRandom().getrandbits(31))
    seed_everything(config.seed)
    net = build_net(config, classes)
    check_output(net, config.image_size, len(classes))
    return net, dataclasses.replace(config, network=net.network)


def create_run(path: StrPath, config: Config, folders: ImageFolders) -> RunDirectory:
    """Decode every image, then create the run directory."""
    if config.val_fraction and folders.val is None:
        raise UsageError(f'val_fraction is {config.val_fraction}, but {folders.root} was opened '
                         'without validation images: give val_fraction= to ImageFolders, too')
    refuse_bad_images(folders)
    folders = without_leaks(folders) if config.drop_leaks else folders
    return RunDirectory.create(path, config, folders.classes, folders.split,
                               Manifest.of(folders, folders.hashes()), folders.root)


def resume_run(path: StrPath, config: Config, folders: ImageFolders,
               notify: Notify = warnings.warn) -> tuple[Net, RunDirectory]:
    """Open a run to continue it exactly where it stopped, perhaps for more epochs.

    Args:
        path: Path of the run directory.
        config: The settings of the run, with changes such as more epochs.
        folders: The images it was started with.
        notify: Function that is called with a line about a corrupt checkpoint, where another one
            can be used.

    Returns:
        `(net, run)` for `train_run`.

    Raises:
        UsageError: A setting, the source, the classes or the images differ from those the run was
            started with, or every checkpoint is corrupt.
        WorkError: Another process is training the run, or the folder cannot be written.
    """
    run = RunDirectory.open(path)
    check_tensorboard(config)
    with lock_folder(run.path):
        return _rebuild(run, config, folders, notify), run


def _rebuild(run: RunDirectory, config: Config, folders: ImageFolders, notify: Notify) -> Net:
    """Check that the run can be resumed with `config` and `folders`, and return its network."""
    last, started = run.last(notify), run.identity_at_start()
    config = with_earlier_values(config, started)
    check_same_settings(run.path, started, config)
    check_background(config, folders)
    if run.classes != folders.classes:
        raise UsageError(f'{run.path} was started with the classes {", ".join(run.classes)}, not '
                         f'{", ".join(folders.classes)}: use the images it was started with')
    folders = run.without_new_val(folders)
    check_same_images(run.path, started, run.manifest, folders,
                      allow_missing=config.on_bad == 'skip')
    if config.on_bad == 'stop':
        refuse_bad_images(folders)
    run.change_config(config, started, folders.root)
    if last:
        return rebuild_net(config, run.classes, last.weights)
    seed_everything(config.seed)
    return build_net(config, run.classes)


def train_run(net: Net, run: RunDirectory, folders: ImageFolders, *,
              devices: Sequence[Device] | None = None, progress: bool = True,
              notify: Notify = warnings.warn, at_once: bool = False) -> Iterator[Record]:
    """Train a run and yield the `Record` of each epoch once it is saved.

    Each epoch is evaluated on the validation images, or where there are none on the test images;
    the best epoch by them is `best.params`. Ctrl-C and SIGTERM stop the run after the current
    batch, which is saved too.

    Args:
        net: The network of `start_run` or `resume_run`.
        run: Its run directory.
        folders: The images.
        devices: Devices that share each batch (default: every GPU, or the CPU).
        progress: Whether to show a progress bar.
        notify: Function that is called with lines for the user, such as skipped images.
        at_once: Whether a second Ctrl-C ends the process at once.

    Yields:
        A `Record` per epoch.

    Raises:
        Diverged: The loss became NaN or infinite, and rewinding is off or has not helped.
        Stopped: A signal stopped the run.
        UsageError: An image became unreadable.
        WorkError: Another process is training the run, or the disk is full.
    """
    config, devices = run.config, devices or try_all_gpus()
    images = run.original_images(folders)
    block, train_iter, eval_iter, loss, trainer = set_up(net, config, images, devices, progress)
    session = Session(run, net, train_iter, eval_iter, notify)
    with lock_folder(run.path), stop_on_signals(at_once) as request:
        if config.warm_head and run.last() is None:
            fit_output(net, config, folders, progress)
        session.start(trainer)
        run.remember_environment(devices)
        while True:
            steps = train_steps(block, train_iter, request.stoppable(eval_iter), loss, trainer,
                                config.num_epochs, devices, start=session.state.position,
                                seed=config.seed, progress=progress, eval_part=images.eval_part)
            try:
                with contextlib.closing(steps):
                    yield from with_events(session.records(steps, request), run)
                return
            except Diverged as error:
                diverged = error
            loss, trainer = prepare(net, config, len(run.classes), devices)
            session.rewind(trainer, diverged)


def build_net(config: Config, classes: int | Sequence[str]) -> Net:
    """Return the network of `config`, with one output per class."""
    if config.scratch:
        return scratch_net(config.network or DEFAULT_NETWORK, classes)
    net = finetune_net(config.source or config.network or DEFAULT_NETWORK, classes,
                       network=config.network, lr_mult=config.lr_mult)
    return _frozen(net, config)


def rebuild_net(config: Config, classes: Sequence[str], weights: StrPath) -> Net:
    """Return the network of `config` with the weights of a checkpoint, without its source."""
    net = scratch_net(config.network or DEFAULT_NETWORK, classes)
    load_weights(net, weights)
    return mark_trained(net, config)


def mark_trained(net: Net, config: Config) -> Net:
    """Set on the parameters of `net` how `config` trains them: learning rates and freezing."""
    if not config.scratch:
        set_attribute(net.output.collect_params(), 'lr_mult', config.lr_mult)
    return _frozen(net, config)


def _frozen(net: Net, config: Config) -> Net:
    """Freeze what `config` says of `net`, and return it."""
    if config.freeze and config.freeze_until:
        raise UsageError(f'freeze and freeze_until={config.freeze_until!r} are two different '
                         f'things: give one of them')
    if config.freeze or config.freeze_until:
        freeze_features(net, config.freeze_until)
    return net
