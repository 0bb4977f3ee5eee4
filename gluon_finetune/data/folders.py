"""Training and test images in folders, one for each class; knows nothing of tensors or nets."""
import collections
import copy
import os
import warnings

from ..errors import UsageError
from .check import check_images
from .dataset import ImageDataset
from .hub import download_extract
from .split import make_split, read_split, relative_paths, take_split, what_lacks

IMBALANCE = 100   # this many times more images in one class than in another: worth a warning


class ImageFolders:
    """Training and test images, laid out as the chapter's::

        chairs/
            train/
                armchair/   0001.jpg  0002.png  ...
                stool/      a.jpeg  b.JPG  ...
            test/
                armchair/   ...
                stool/      ...

    `classes` are the sorted names of the folders under `train`. `train` and `test` are Gluon
    datasets for `transform_first`: an item is (HWC uint8 RGB array, int label), and a test image
    has the label of its folder's NAME in training. `test` may lack a class.

    Without `test/` (and also without `train/`), `test_fraction` of each class becomes the test set.
    Which images depends on their names and `seed` alone; `split` tells, and is accepted back
    as `split=`, a dict or the json file that holds it.

    Warns of a class with 100 times the images of another. Raises `UsageError` for all that cannot
    be trained on, except images that cannot be decoded: `check` finds those.
    """

    def __init__(self, root, train='train', test='test', *, seed=0, test_fraction=0.2, split=None):
        self.root = os.path.expanduser(os.fspath(root))
        train_root, test_root = _train_and_test(self.root, train, test)
        images = ImageDataset(train_root)
        self.classes = images.synsets
        if len(self.classes) < 2:
            raise UsageError(f'only one class under {train_root} ({self.classes[0]}): '
                             'expected a folder of images for each of two classes or more')
        _warn_if_imbalanced(images)
        if test_root is None:
            self.split = (make_split(images, self.root, seed, test_fraction) if split is None
                          else read_split(split))
            self.train, self.test = take_split(images, self.root, self.split)
        elif split is None:
            self.split, self.train = None, images
            self.test = ImageDataset(test_root, self.classes)
        else:
            raise UsageError(f'a split was given, but {test_root} is there: '
                             'leave the split out, or move the test folder away')

    def __repr__(self):
        return (f'ImageFolders({self.root!r}: {len(self.classes)} classes, '
                f'{len(self.train)} training and {len(self.test)} test images)')

    def check(self, progress=True):
        """Decode every image; return a list of `BadImage(path, reason)`, [] if all is well."""
        return check_images([path for path, _ in self.train.items + self.test.items], progress)

    def without(self, bad):
        """Return these folders without some images: paths, or what `check` returned.

        Raises `UsageError` if a training class or the whole test set would be empty.
        """
        paths = {item if isinstance(item, str) else item.path for item in bad}
        other = copy.copy(self)
        other.train, other.test = (
            images.holding(item for item in images.items if item[0] not in paths)
            for images in (self.train, self.test))
        lacking = what_lacks(other.train, other.test)
        if lacking:
            raise UsageError(f'leaving out the unusable images ({len(paths)}) leaves none '
                             f'{lacking}: put others under {self.root}')
        if self.split is not None:
            other.split = {**self.split, 'train': relative_paths(other.train, self.root),
                           'test': relative_paths(other.test, self.root)}
        return other


def _train_and_test(root, train, test):
    """Return the folders with the classes; None for a test set that is to be split off."""
    _check_folder(root)
    train_root, test_root = os.path.join(root, train), os.path.join(root, test)
    if not os.path.isdir(train_root) and train == 'train' and not os.path.isdir(test_root):
        train_root = root   # the classes lie there directly
    _check_folder(train_root)
    if os.path.isdir(test_root):
        return train_root, test_root
    if test != 'test':
        _check_folder(test_root)   # it was asked for by name
    return train_root, None


def _check_folder(path):
    if not os.path.isdir(path):
        what = f'{path} is a file' if os.path.exists(path) else f'no such folder: {path}'
        raise UsageError(f'{what}: expected a folder that holds train/<class>/ and test/<class>/, '
                         'or one folder of images for each class')


def _warn_if_imbalanced(images):
    counts = collections.Counter(images.synsets[label] for _, label in images.items)
    (most, n), (least, m) = counts.most_common()[0], counts.most_common()[-1]
    if n >= IMBALANCE * m:
        warnings.warn(f'{n} images of {most} and {m} of {least}: a net that always answers '
                      f'{most} would look good; add images of {least}', stacklevel=3)


def hotdog(**options):
    """The chapter's 1,400 images with a hot dog and 1,400 without, as `ImageFolders(**options)`.

    Raises as `download_extract` and `ImageFolders` do.
    """
    return ImageFolders(download_extract('hotdog'), **options)


def open_folders(data, **options):
    """Return `ImageFolders(data, **options)`; for 'hotdog', unless a folder is called so, `hotdog`.

    Raises as these do.
    """
    if data == 'hotdog' and not os.path.isdir(data):
        return hotdog(**options)
    return ImageFolders(data, **options)
