"""Progress: a bar on a terminal, a widget in a notebook, and single lines everywhere else."""
from __future__ import annotations

import sys
import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.filterwarnings('ignore', 'IProgress not found')   # no ipywidgets: a bar of text
    from tqdm.auto import tqdm as _tqdm


def tqdm(*args: Any, disable: bool = False, **options: Any) -> Any:
    """Return a tqdm bar, which is not drawn into a file or a pipe, nor if `disable` is set."""
    return _tqdm(*args, disable=disable or not shows_bars(), **options)


def shows_bars() -> bool:
    """Return whether standard error is a terminal or belongs to a notebook."""
    ipython = sys.modules.get('IPython')
    shell = ipython and ipython.get_ipython()
    return hasattr(shell, 'kernel') or bool(sys.stderr and sys.stderr.isatty())


def log(line: str) -> None:
    """Write a line to standard error, above the bar if there is one."""
    if sys.stderr:
        _tqdm.write(line, file=sys.stderr)
        sys.stderr.flush()
