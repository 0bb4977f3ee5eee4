"""Everything that depends on versions or private names of MXNet, GluonCV and NumPy."""
from __future__ import annotations

import importlib.util
from typing import Any


def __getattr__(name: str) -> Any:
    """Import a module of this room, or a name of `imports`, such as `gluoncv`, when first used."""
    if name.startswith('__'):
        raise AttributeError(name)
    if importlib.util.find_spec(f'{__name__}.{name}'):
        return importlib.import_module(f'.{name}', __name__)
    return getattr(importlib.import_module('.imports', __name__), name)
