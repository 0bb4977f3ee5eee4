"""One folder of labelled images as a Gluon dataset; knows no training, test or tensors."""
import copy
import os

from ..compat.imports import mx
from ..errors import UsageError
from .image import EXTENSIONS, read_image

# What archives and file servers leave beside people's folders; hidden ones are ignored anyway.
_NO_CLASSES = ('__MACOSX', '@eaDir')


class ImageDataset(mx.gluon.data.vision.ImageFolderDataset):
    """Gluon's `ImageFolderDataset` with `read_image` for decoder and, if given, fixed `classes`.

    `synsets` are the names of the classes, `items` the pairs (path, label), both sorted; an item is
    an array of `read_image` and an int label. Hidden files and folders and files that are not
    images are left alone.
    Raises `UsageError` for a folder without classes, an empty class, and a class that is not one
    of `classes`.
    """

    def __init__(self, root, classes=None):
        self._classes = classes
        super().__init__(root)

    def _list_images(self, root):
        found = _class_folders(root)
        self.synsets = list(self._classes or found)
        unknown = [name for name in found if name not in self.synsets]
        if unknown:
            raise UsageError(
                f'{listed(unknown)} under {root} is no class of the training images: those are '
                f'{listed(self.synsets, 10)}; rename or remove the folder')
        self.items = [(path, self.synsets.index(name))
                      for name in found for path in _images(os.path.join(root, name))]

    def __getitem__(self, idx):
        path, label = self.items[idx]
        X = read_image(path)
        return (X, label) if self._transform is None else self._transform(X, label)

    def __mx_handle__(self):
        raise NotImplementedError   # or the workers of MXNet 2.0 would decode in their own way

    def holding(self, items):
        """Return a copy that holds only these items."""
        other = copy.copy(self)
        other.items = list(items)
        return other


def listed(names, at_most=3):
    """The first few names, for a message."""
    return ', '.join(names[:at_most]) + ', ...' * (len(names) > at_most)


def _class_folders(root):
    names = _entries(root)
    folders = [name for name in names
               if os.path.isdir(os.path.join(root, name)) and name not in _NO_CLASSES]
    if not folders:
        raise UsageError(f'no classes under {root}: expected a folder of images for each class, '
                         f'found {_other_files(names)}')
    return folders


def _images(folder):
    names = _entries(folder)
    paths = [os.path.join(folder, name) for name in names
             if os.path.splitext(name)[1].lower() in EXTENSIONS]
    paths = [path for path in paths if not os.path.isdir(path)]
    if not paths:
        raise UsageError(f'no images under {folder}: expected {", ".join(EXTENSIONS[:-1])} or '
                         f'{EXTENSIONS[-1]} files, found {_other_files(names)}')
    return paths


def _entries(folder):
    """Names that are not hidden, in an order that no file system decides."""
    return sorted(name for name in os.listdir(folder) if not name.startswith('.'))


def _other_files(names):
    if not names:
        return 'nothing'
    return f'{len(names)} other file{"s" * (len(names) > 1)} ({listed(names)})'
