"""Import hook: whoever imports MXNet or GluonCV first gets it under the conditions it needs."""
from __future__ import annotations

import contextlib
import functools
import importlib
import sys
import threading
from types import ModuleType
from typing import Any, Callable, Iterator, Sequence

from .versions import PACKAGES


class _Importing(threading.local):
    """Whether this thread is inside such an import: what that imports needs no second hook."""

    active = False


class ImportHook:
    """Meta path finder that runs the modules of `PACKAGES` under `shims.import_conditions`."""

    def __init__(self) -> None:
        self._importing = _Importing()
        self._lock = threading.Lock()   # the conditions are those of the process

    def find_spec(self, name: str, path: Sequence[str] | None = None,
                  target: ModuleType | None = None) -> Any:
        """Return the spec that the other finders give, with a loader that sets the conditions."""
        if name.partition('.')[0] not in PACKAGES or self._importing.active:
            return None
        specs = (finder.find_spec(name, path, target) for finder in sys.meta_path
                 if finder is not self and hasattr(finder, 'find_spec'))
        spec: Any = next(filter(None, specs), None)
        if spec and hasattr(spec.loader, 'exec_module'):
            execute = functools.partial(self._execute, spec.loader.exec_module)
            vars(spec.loader).update(exec_module=execute)   # the loader is this module's alone
        return spec

    def _execute(self, execute: Callable[[ModuleType], None], module: ModuleType) -> None:
        if module.__name__ == 'gluoncv':
            importlib.import_module('mxnet')   # before the lock: it has conditions of its own
        from .shims import import_conditions  # here, as it imports NumPy
        with self._lock if module.__name__ in PACKAGES else contextlib.nullcontext():
            self._importing.active = True
            try:
                with import_conditions(module.__name__):
                    execute(module)
            finally:
                self._importing.active = False


HOOK: Any = ImportHook()


def install_hook() -> None:
    """Install the hook, once; repair MXNet where it was imported before."""
    if HOOK not in sys.meta_path:
        sys.meta_path.insert(0, HOOK)
    if any(sys.modules.get(package) for package in PACKAGES):
        from .shims import shim_numpy
        shim_numpy()


@contextlib.contextmanager
def suspended_hook() -> Iterator[None]:
    """Import as a process does that does not use this package."""
    sys.meta_path.remove(HOOK)
    try:
        yield
    finally:
        sys.meta_path.insert(0, HOOK)
