"""A training run on a folder of images, started or resumed: `gluon-finetune train` as a call."""
from __future__ import annotations

import os
import shlex
import warnings
from typing import Any, Callable, Optional, Sequence

from ..config import Config, options, replace_options
from ..data.check import BadImage
from ..data.duplicates import find_copies
from ..data.folders import ImageFolders, find_root, open_folders
from ..data.split import existing
from ..errors import Stopped, UsageError
from ..training.history import describe
from ..types import Device, Net, StrPath
from .directory import RunDirectory
from .identity import check_same_settings
from .location import first_free
from .train import check_start, create_run, new_net, resume_run, train_run

Notify = Callable[[str], object]
SkipBad = Optional[Callable[[BadImage], object]]


def train_folder(data: StrPath, out: StrPath | None = None, *, resume: bool = False,
                 skip_bad: SkipBad = None, devices: Sequence[Device] | None = None,
                 progress: bool = True, notify: Notify | None = None, at_once: bool = False,
                 **given: Any) -> tuple[RunDirectory, ImageFolders]:
    """Train on a folder of images, in a new run directory or in one whose run is resumed.

    Args:
        data: Folder with train/ and test/, perhaps val/, or 'hotdog'.
        out: The run directory; by default `runs/<data>`, or the first of `runs/<data>-2`, ... that
            is free.
        resume: Whether to resume the run in `out`.
        skip_bad: Called with each image that cannot be decoded, which is then skipped; None: they
            are an error.
        devices: By default every GPU, or the CPU.
        progress: Whether to show a progress bar.
        notify: Called with each line that is added to `log.txt`.
        at_once: As in `end_requests`.
        given: Options of `Config`; a resumed run keeps the others as they are.

    Returns:
        The run, with its `history`, and its images.

    Raises:
        UsageError: For anything that cannot be used; nothing is written before.
        Stopped: After Ctrl-C or SIGTERM, once everything is saved; says how to resume.
        WorkError: When training diverges or the disk is full.
    """
    net, run, folders = start_or_resume(data, out, resume=resume, skip_bad=skip_bad,
                                        devices=devices, notify=notify, **given)

    def log(line: str) -> None:
        run.log(line)
        if notify:
            notify(line)

    # A resumed run has said so when it was started.
    findings = [] if resume else find_copies(folders, drop_leaks=run.config.drop_leaks)
    folders = run.without_new_images(folders)
    val = '' if folders.val is None else f', {len(folders.val)} validation'
    log(f'{run.config.network} on {len(folders.train)} training images of {len(run.classes)} '
        f'classes{val} and {len(folders.test)} test images; run directory: {run.path}')
    for note in folders.notes:
        log(note)
    for finding in findings:
        log(str(finding))
    try:
        for record in train_run(net, run, folders, devices=devices, progress=progress, notify=log,
                                at_once=at_once):
            log(describe(record))
    except Stopped as error:
        command = ['gluon-finetune', 'train', folders.root, '--out', run.path, '--resume']
        message = f'{error}; resume with: {" ".join(map(shlex.quote, command))}'
        run.log(message)
        raise Stopped(message, error.signal) from None
    return run, folders


def start_or_resume(data: StrPath, out: StrPath | None = None, *, resume: bool = False,
                    skip_bad: SkipBad = None, devices: Sequence[Device] | None = None,
                    notify: Notify | None = None,
                    **given: Any) -> tuple[Net, RunDirectory, ImageFolders]:
    """Return the net, the run and the images for `train_run`; the arguments of `train_folder`."""
    if not resume:
        config, path = _with(Config(), given), os.fspath(out or new_path(data))
        check_start(path, config, data, devices)
        folders = open_folders(data, background=config.background,
                               val_fraction=config.val_fraction)
        net, config = new_net(config, folders.classes)   # before the images are decoded
        folders = skip_bad_images(folders, skip_bad)
        return net, create_run(path, config, folders), folders
    if out is None:
        raise UsageError('--resume needs --out: the run directory to resume')
    run = RunDirectory.open(os.fspath(out))
    config, split = _with(run.config, given), run.split
    if skip_bad is not None:   # before the images are decoded
        check_same_settings(run.path, run.identity_at_start(), config)
    if split and config.on_bad == 'skip':
        split = existing(split, find_root(data))
    folders = skip_bad_images(run.without_new_val(
        open_folders(data, split=split, background=config.background)), skip_bad)
    return (*resume_run(run.path, config, folders, notify or warnings.warn), folders)


def new_path(data: StrPath, parent: str = 'runs') -> str:
    """Return `runs/<data>`, or the first of `runs/<data>-2`, `-3` ... that does not exist."""
    return first_free(os.path.join(parent, os.path.basename(os.path.abspath(data))))


def _with(config: Config, given: dict[str, Any]) -> Config:
    return replace_options(config, given, [option.name for option in options()])


def skip_bad_images(folders: ImageFolders, skip_bad: SkipBad) -> ImageFolders:
    """Return `folders` without the images that cannot be decoded, unless `skip_bad` is None."""
    if skip_bad is None:
        return folders
    bad = folders.check()
    for image in bad:
        skip_bad(image)
    return folders.without(bad) if bad else folders
