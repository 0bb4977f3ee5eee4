"""Imports PyTorch and torchvision, when they are first needed; nothing else of the package does."""
import importlib
import sys

from ...errors import UsageError

_declared = []


def import_torch(purpose, name='torch'):
    """The module `name`; raises `UsageError` that `purpose` needs it when it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UsageError(f'{purpose} needs {name}, which is not installed: '
                         f'pip install gluon_finetune[parity]') from None


def torchvision():
    """The module torchvision, also where its compiled operators do not fit the build of torch.

    There, its import fails because two operators for detection are not declared; models and
    transforms do without them.
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
    _declared.append(library)  # declared for as long as it lives
    return importlib.import_module('torchvision')
