"""Hides PyTorch from a Python process that has this folder first in its PYTHONPATH."""
import sys
from importlib.machinery import PathFinder

HIDDEN = ('torch', 'torchvision', 'timm')


class Finder(PathFinder):
    """Python's own finder of modules, which does not find the hidden ones."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        """Return None for a hidden module, as for one that is not installed."""
        return None if fullname in HIDDEN else super().find_spec(fullname, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
