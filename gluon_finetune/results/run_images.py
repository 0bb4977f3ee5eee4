"""The images of a folder that a run is evaluated on."""
from __future__ import annotations

import copy
import os
from typing import Iterable, Iterator, List, NamedTuple, Tuple

from ..data.check import hash_images
from ..data.dataset import ImageDataset
from ..data.folders import ImageFolders, hotdog, open_folders
from ..data.scan import shortlist
from ..errors import UsageError
from ..runs.directory import RunDirectory
from ..types import StrPath

Items = List[Tuple[str, int]]   # path of an image, index of its class in the run
VALIDATION = ('val', 'valid', 'validation')


class Selection(NamedTuple):
    """Labelled images to evaluate a run on."""

    items: Items
    is_test_part: bool   # the images that the run has split off for testing, and no others


def select_images(run: RunDirectory, data: StrPath | ImageFolders) -> Selection:
    """Return the images of `data` to evaluate `run` on.

    In the folder that the run has split, its test part. In any other, all images: those in `test/`,
    or where there is none, those of all class folders. Classes may be missing.

    Args:
        run: The run.
        data: A folder, 'hotdog', or `ImageFolders`: their test images, and their training images
            too unless they have a folder `test/`.

    Raises:
        UsageError: There is no such folder, it has no images, or a class is unknown to the run.
    """
    if isinstance(data, ImageFolders):
        items, root = _items_of(data, run), data.root
    else:
        root = hotdog().root if data == 'hotdog' and not os.path.isdir(data) else os.fspath(data)
        root = os.path.expanduser(root)
    part = own_test_part(run, root) if run.split else None
    if not isinstance(data, ImageFolders):
        items = _all_images(root, run.classes) if part is None else part
    elif part is not None:
        chosen = set(part)
        items = [item for item in items if item in chosen]
    return Selection(items, part is not None)


def own_test_part(run: RunDirectory, root: str) -> Items | None:
    """Return the test images of the run that are in `root`; None if it is not the run's folder.

    It is, if it has a test image and the path that the run has noted. A copy, or a folder that was
    moved, is known by the content of every test image.
    """
    rows = list(_test_rows(run))
    paths = [os.path.join(root, *path.split('/')) for _, path, _ in rows]
    found = [os.path.isfile(path) for path in paths]
    if not any(found):
        return None
    moved = run.data is None or os.path.realpath(run.data) != os.path.realpath(root)
    if moved and not (all(found) and all(
            sha256 in ('', now) for (_, _, sha256), now in zip(rows, hash_images(paths)))):
        return None
    return [(path, run.classes.index(name))
            for (name, _, _), path, there in zip(rows, paths, found) if there]


def open_run_folders(run: RunDirectory, data: StrPath) -> ImageFolders:
    """Return the images in `data` with the run's own split and test images, if it is its folder.

    Images of the run that are gone, and test images that came later, are not in it.

    Raises:
        UsageError: It is not the folder of the run, or has none of its test images.
    """
    root = hotdog().root if data == 'hotdog' and not os.path.isdir(data) else os.fspath(data)
    part = own_test_part(run, os.path.expanduser(root))
    if part is None:
        _refuse_other_images(run, root)
        return open_folders(root)
    split = run.split and {
        side: [path for path in run.split[side] if os.path.exists(os.path.join(root, path))]
        for side in ('train', 'test')}
    folders, chosen = copy.copy(open_folders(root, split=split)), {path for path, _ in part}
    folders.test = folders.test.subset(
        item for item in folders.test.items if item[0] in chosen)
    return folders


def _refuse_other_images(run: RunDirectory, root: str) -> None:
    """Raise `UsageError` where the run has notes of its test images: those in `root` are others."""
    paths = [path for _, path, _ in _test_rows(run)]
    gone = [path for path in paths if not os.path.isfile(os.path.join(root, *path.split('/')))]
    if paths:
        problem = (f'{len(gone)} of {len(paths)} are gone ({shortlist(gone)})' if gone else
                   'the files of these names differ from them')
        raise UsageError(f'the test images of {run.path} are not in {root}: {problem}; restore '
                         f'them, or give their folder, as in gluon-finetune report {run.path} DATA')


def _test_rows(run: RunDirectory) -> Iterator[tuple[str, str, str]]:
    """Yield (class, path, SHA-256) of the test images; an older run has no hashes."""
    manifest = run.manifest
    for (part, name, path), sha256 in manifest.items():
        if part == 'test':
            yield name, path, sha256
    if not manifest and run.split:
        for path in run.split['test']:
            yield path.split('/')[-2], path, ''


def _items_of(folders: ImageFolders, run: RunDirectory) -> Items:
    unknown = [name for name in folders.classes if name not in run.classes]
    if unknown:
        raise UsageError(f'{folders.root} has the classes {", ".join(folders.classes)}, the run '
                         f'{run.path} has {", ".join(run.classes)}: evaluate it on images of the '
                         f'same classes')
    items = folders.test.items + (folders.train.items if folders.split else [])
    return [(path, run.classes.index(folders.classes[label])) for path, label in items]


def _all_images(root: str, classes: list[str]) -> Items:
    if not os.path.isdir(root):
        problem = f'{root} is a file' if os.path.exists(root) else f'no such folder: {root}'
        raise UsageError(f'{problem}: expected a folder with test/<class>/, or with one folder of '
                         f'images per class, such as {shortlist(classes)}')
    return [item for folder in _class_parents(root, classes)
            for item in ImageDataset(folder, classes).items]


def _class_parents(root: str, classes: Iterable[str]) -> list[str]:
    """Return the folders in `root` that contain class folders, or `root` itself."""
    names = [name for name in sorted(os.listdir(root)) if os.path.isdir(os.path.join(root, name))]
    if not {name for name in names if not name.startswith('.')}.issubset(classes):
        for parts in (('test',), ('train', *VALIDATION)):
            found = [os.path.join(root, name) for name in names if name.lower() in parts]
            if found:
                return found
    return [root]
