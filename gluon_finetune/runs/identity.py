"""The identity of a run: the settings, source file and images that resuming may not change."""
from __future__ import annotations

import dataclasses
import os
from typing import Any, Dict

from ..config import Config, earlier_values, resumable_options
from ..data.folders import ImageFolders
from ..errors import UsageError
from ..files.hashing import file_sha256
from .manifest import Manifest

IDENTITY_KEYS = ('config', 'source', 'pictures')
Identity = Dict[str, Any]   # settings, SHA-256 of the source file and of the manifest, for JSON


def run_identity(config: Config, manifest: Manifest | None) -> Identity:
    """Return the identity of a run as a dict for JSON."""
    source = config.source if config.source and os.path.isfile(config.source) else None
    return {'config': dataclasses.asdict(config),
            'source': source and file_sha256(source),
            'pictures': manifest.sha256 if manifest else None}


def with_earlier_values(config: Config, started: Identity) -> Config:
    """Return `config` with options that a run is older than as they were when it was started."""
    missing = {name: value for name, value in earlier_values().items()
               if name not in started['config']}
    return dataclasses.replace(config, **missing)


def check_same_settings(path: str, started: Identity, config: Config) -> None:
    """Raise `UsageError` where settings or source differ from those a run was started with."""
    old = {**dataclasses.asdict(Config()), **earlier_values(), **started['config']}
    for name, value in dataclasses.asdict(config).items():
        before = old.get(name, value)
        if name not in resumable_options() and before != value:
            raise UsageError(f'{path} was started with {name}={before!r}, not {value!r}: a resumed '
                             f'run keeps its settings (only the number of epochs may grow)')
    source = run_identity(config, None)['source']
    if None not in (source, started['source']) and source != started['source']:
        raise UsageError(f'{config.source} is not the file that {path} was started from (SHA-256 '
                         f'{source[:8]}..., not {started["source"][:8]}...): restore that file')


def check_background(config: Config, folders: ImageFolders) -> None:
    """Raise `UsageError` where transparent pixels of the images do not show the run's background.

    Predictions of the run do.
    """
    if folders.train.background != config.background:
        raise UsageError(f'the images in {folders.root} have background='
                         f'{folders.train.background!r}, but the settings of the run '
                         f'{config.background!r}: give ImageFolders and Config the same')


def check_same_images(path: str, started: Identity, manifest: Manifest, folders: ImageFolders,
                      allow_missing: bool) -> None:
    """Raise `UsageError` where images differ from those a run was started with, its manifest."""
    now = Manifest.of(folders)
    if started['config'].get('drop_leaks'):
        now = now.without_leaks(manifest)
    if started['pictures'] in (None, now.sha256):
        return
    if manifest.sha256 != started['pictures']:
        raise UsageError(f'the images in {folders.root} are not those that {path} was started '
                         f'with, and its pictures.csv, which lists them, was changed')
    difference = manifest.difference(now, allow_missing)
    if difference:
        raise UsageError(f'the images in {folders.root} are not those that {path} was started '
                         f'with: {difference}; restore the original images')
