"""The scratch baseline of a run: a run from random weights on the same images."""
from __future__ import annotations

import os

from ...data.scan import is_run
from ...errors import UsageError
from ...runs.directory import RunDirectory


def find_baseline(run: RunDirectory) -> RunDirectory | None:
    """Return the scratch baseline among the folders beside a run; None if there is none.

    It has the network, the image size and the images of the run, and a finished epoch.
    """
    if run.config.scratch:
        return None
    parent = os.path.dirname(os.path.abspath(run.path))
    for name in sorted(os.listdir(parent)):
        path = os.path.join(parent, name)
        if is_run(path):
            try:
                other = RunDirectory.open(path)
                if _is_baseline(other, run) and other.history:
                    return other
            except UsageError:   # corrupt, which is no concern of this run
                continue
    return None


def _is_baseline(other: RunDirectory, run: RunDirectory) -> bool:
    return (other.config.scratch and other.config.network == run.config.network
            and other.config.image_size == run.config.image_size
            and other.manifest.sha256 == run.manifest.sha256)
