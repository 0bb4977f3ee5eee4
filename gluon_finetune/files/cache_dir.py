"""The folder for downloads and computed files."""
from __future__ import annotations

import os

import platformdirs


def cache_dir() -> str:
    """Return `$GLUON_FINETUNE_CACHE`, or the cache folder of the operating system.

    An existing `~/.cache/gluon_finetune`, the default of earlier versions everywhere, is used.
    """
    named = os.environ.get('GLUON_FINETUNE_CACHE')
    if named:
        return os.path.expanduser(named)
    earlier = os.path.expanduser('~/.cache/gluon_finetune')
    if os.path.isdir(earlier):
        return earlier
    return platformdirs.user_cache_dir('gluon_finetune', appauthor=False)
