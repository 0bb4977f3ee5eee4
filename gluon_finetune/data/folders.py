"""Labelled pictures in folders, one folder for each class; knows nothing of tensors or networks."""
import collections
import copy
import os
import warnings

from ..compat import mx
from ..errors import UsageError
from .check import check_pictures
from .decode import EXTENSIONS, read_image
from .split import draw_split, listed, read_split, relative_paths, take_split, what_lacks

IMBALANCE = 100   # this many times more pictures in one class than in another is worth a warning

# What operating systems and archives leave beside people's folders.
_NO_CLASSES = ('__MACOSX', '@eaDir')


class PictureFolder(mx.gluon.data.vision.ImageFolderDataset):
    """Gluon's `ImageFolderDataset` on one decoder and, if `classes` is given, on given labels.

    `synsets` holds the names of the classes, `items` the pairs (path, label), both sorted. An item is
    an array of `read_image` and an int label. Hidden files and folders and files other than
    pictures are left alone.
    Raises `UsageError` for a folder that is not there, has no classes, an empty class or a
    class that `classes` does not name.
    """

    def __init__(self, root, classes=None):
        self._classes = classes
        super().__init__(root)

    def _list_images(self, root):
        found = _class_folders(root)
        self.synsets = list(found if self._classes is None else self._classes)
        unknown = [name for name in found if name not in self.synsets]
        if unknown:
            raise UsageError(f'{listed(unknown)} under {root} is no class of the training pictures: '
                             f'those are {listed(self.synsets, 10)}; rename or remove the folder')
        self.items = [(path, self.synsets.index(name))
                      for name in found for path in _pictures(os.path.join(root, name))]

    def __getitem__(self, idx):
        path, label = self.items[idx]
        X = read_image(path)
        return (X, label) if self._transform is None else self._transform(X, label)

    def holding(self, items):
        """Return a copy that holds only these items."""
        other = copy.copy(self)
        other.items = list(items)
        return other


class ImageFolders:
    """Training and test pictures, as the chapter lays them out::

        chairs/
            train/
                armchair/   0001.jpg  0002.png  ...
                stool/      a.jpeg  b.JPG  ...
            test/
                armchair/   ...
                stool/      ...

    `classes` are the sorted names of the folders under `train`; `train` and `test` are Gluon datasets
    whose items are (HWC uint8 RGB array, int label), for `transform_first`. A test picture has the label
    of its folder's NAME in training; `test` may lack a class. Without `test/`, and also without
    `train/`, a fraction of each class becomes the test set: which pictures depends on their
    names and `seed` alone, is told by `split`, and comes back with `split=` (that dict, or a json file
    that holds it). Warns where one class has 100 times more pictures than another.
    Raises `UsageError` for whatever cannot be trained on, files that cannot be decoded excepted:
    `check` finds those.
    """

    def __init__(self, root, train='train', test='test', *, seed=0, test_fraction=0.2, split=None):
        self.root = os.path.expanduser(os.fspath(root))
        train_root, test_root = _train_and_test(self.root, train, test)
        pictures = PictureFolder(train_root)
        self.classes = pictures.synsets
        if len(self.classes) < 2:
            raise UsageError(f'only one class under {train_root} ({self.classes[0]}): '
                             'expected a folder of pictures for each of two classes or more')
        _warn_if_imbalanced(pictures)
        if test_root is None:
            self.split = (draw_split(pictures, self.root, seed, test_fraction) if split is None
                          else read_split(split))
            self.train, self.test = take_split(pictures, self.root, self.split)
        elif split is None:
            self.split, self.train = None, pictures
            self.test = PictureFolder(test_root, self.classes)
        else:
            raise UsageError(f'a split was given, but {test_root} is there: '
                             'leave the split out, or move the test folder away')

    def __repr__(self):
        return (f'ImageFolders({self.root!r}: {len(self.classes)} classes, '
                f'{len(self.train)} training and {len(self.test)} test pictures)')

    def check(self, progress=True):
        """Decode every picture and return a list of `BadPicture(path, reason)`, empty if all is well."""
        return check_pictures([path for path, _ in self.train.items + self.test.items], progress)

    def without(self, bad):
        """Return these folders without some pictures, given by path or as `check` lists them.

        Raises `UsageError` if a training class or the whole test set would be empty.
        """
        paths = {item if isinstance(item, str) else item.path for item in bad}
        other = copy.copy(self)
        other.train, other.test = (
            pictures.holding(item for item in pictures.items if item[0] not in paths)
            for pictures in (self.train, self.test))
        lacking = what_lacks(other.train, other.test)
        if lacking:
            raise UsageError(f'leaving out the unusable pictures ({len(paths)}) leaves none {lacking}: '
                             f'put others under {self.root}')
        if self.split is not None:
            other.split = {**self.split, 'train': relative_paths(other.train, self.root),
                           'test': relative_paths(other.test, self.root)}
        return other


def _train_and_test(root, train, test):
    """Return the folders of training and test pictures; None for a test set that is to be split off."""
    _check_folder(root)
    train_root, test_root = os.path.join(root, train), os.path.join(root, test)
    if not os.path.isdir(train_root) and train == 'train' and not os.path.isdir(test_root):
        train_root = root   # the classes lie there directly
    _check_folder(train_root)
    if os.path.isdir(test_root):
        return train_root, test_root
    if test != 'test':
        _check_folder(test_root)
    return train_root, None


def _check_folder(path):
    if not os.path.isdir(path):
        what = f'{path} is a file' if os.path.exists(path) else f'no such folder: {path}'
        raise UsageError(f'{what}: expected a folder that holds train/<class>/ and test/<class>/, '
                         'or one folder of pictures for each class')


def _class_folders(root):
    names = _entries(root)
    folders = [name for name in names
               if os.path.isdir(os.path.join(root, name)) and name not in _NO_CLASSES]
    if not folders:
        raise UsageError(f'no classes under {root}: expected a folder of pictures for each class, '
                         f'found {_other_files(names)}')
    return folders


def _pictures(folder):
    names = _entries(folder)
    paths = [os.path.join(folder, name) for name in names
             if os.path.splitext(name)[1].lower() in EXTENSIONS]
    paths = [path for path in paths if not os.path.isdir(path)]
    if not paths:
        raise UsageError(f'no pictures under {folder}: expected {", ".join(EXTENSIONS[:-1])} or '
                         f'{EXTENSIONS[-1]} files, found {_other_files(names)}')
    return paths


def _entries(folder):
    """Names that are not hidden, in an order that no file system decides."""
    return sorted(name for name in os.listdir(folder) if not name.startswith('.'))


def _other_files(names):
    if not names:
        return 'nothing'
    return f'{len(names)} other file{"s" * (len(names) > 1)} ({listed(names)})'


def _warn_if_imbalanced(pictures):
    counts = collections.Counter(pictures.synsets[label] for _, label in pictures.items)
    (most, n), (least, m) = counts.most_common()[0], counts.most_common()[-1]
    if n >= IMBALANCE * m:
        warnings.warn(f'{n} pictures of {most} and {m} of {least}: a net that always answers {most} '
                      f'would look good; add pictures of {least}', stacklevel=3)
