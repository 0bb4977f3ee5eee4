"""Everything that depends on versions or private names of MXNet, GluonCV and NumPy."""
from __future__ import annotations

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    """Return `compat.gluoncv` and the other names of `compat.imports`, imported when first used."""
    if name.startswith('__'):
        raise AttributeError(name)
    imports = importlib.import_module('.imports', __name__)
    return imports if name == 'imports' else getattr(imports, name)
