"""Imports of libraries that only some commands need, when they are first used."""
from __future__ import annotations

import importlib
from typing import Any

from ..errors import UsageError


def import_optional(name: str, purpose: str, extra: str) -> Any:
    """Return the module `name`.

    Args:
        name: The module, such as 'onnxruntime' or 'onnxruntime.quantization'.
        purpose: What needs it, for the message.
        extra: The extra of this package that installs it.

    Raises:
        UsageError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        top = name.partition('.')[0]
        missing = error.name == top if isinstance(error, ModuleNotFoundError) else False
        reason = 'which is not installed' if missing else f'which cannot be imported ({error})'
        raise UsageError(f'{purpose} needs {top}, {reason}: '
                         f"pip install 'gluon_finetune[{extra}]'") from None
