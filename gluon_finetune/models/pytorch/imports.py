"""Imports of PyTorch and torchvision, when they are first needed."""
from __future__ import annotations

import importlib
import sys
from typing import Any

from ...errors import UsageError

_declared: list[Any] = []   # torch.library.Library, which must stay alive


def import_torch(purpose: str, name: str = 'torch') -> Any:
    """Return the module `name`; raise `UsageError` that `purpose` needs it if not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError(f'{purpose} needs {name}, which is not installed: '
                         f'pip install gluon_finetune[parity]') from None


def torchvision() -> Any:
    """Return the module torchvision, even if its compiled operators do not fit the build of torch.

    In that case its import fails because two operators for detection are not declared; models and
    transforms work without them.
    """
    torch = import_torch('comparing with torchvision')
    try:
        return import_torch('comparing with torchvision', 'torchvision')
    except RuntimeError as error:
        if 'torchvision::' not in str(error) or _declared:
            raise
    for name in [name for name in sys.modules if name.partition('.')[0] == 'torchvision']:
        del sys.modules[name]
    library = torch.library.Library('torchvision', 'FRAGMENT')
    for operator in ('nms', 'qnms'):
        library.define(f'{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')
    _declared.append(library)
    return importlib.import_module('torchvision')
