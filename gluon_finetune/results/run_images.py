"""The images of a folder that a run is evaluated on."""
from __future__ import annotations

import copy
import os
from typing import Iterable, Iterator, List, NamedTuple, Tuple

from ..data.check import hash_images
from ..data.dataset import ImageDataset
from ..data.folders import ImageFolders, find_root, open_folders
from ..data.scan import shortlist
from ..data.split import existing
from ..errors import UsageError
from ..files.names import same_name
from ..runs.directory import RunDirectory
from ..types import StrPath

Items = List[Tuple[str, int]]   # path of an image, index of its class in the run
VALIDATION = ('val', 'valid', 'validation')


class Selection(NamedTuple):
    """Labelled images to evaluate a run on."""

    items: Items
    is_test_part: bool   # the images that the run has for testing, and no others


def select_images(run: RunDirectory, data: StrPath | ImageFolders) -> Selection:
    """Return the images of `data` to evaluate `run` on.

    In the folder of the run, its test part, unless that is a folder `test/`. In any other, all
    images: those in `test/`, or where there is none, those of all class folders. Classes may be
    missing.

    Args:
        run: The run.
        data: A folder, 'hotdog', or `ImageFolders`: their test images, and all others too if the
            test images were split off them.

    Raises:
        UsageError: There is no such folder, it has no images, or a class is unknown to the run.
    """
    if isinstance(data, ImageFolders):
        items, root = _items_of(data, run), data.root
    else:
        root = find_root(data)
    part = None
    if 'test' in (run.split or ()) or not _has_test_folder(root):
        part = own_test_part(run, root)
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
    labels = _labels(run)
    return [(path, labels[same_name(name)])
            for (name, _, _), path, there in zip(rows, paths, found) if there]


def open_run_folders(run: RunDirectory, data: StrPath, *, own: bool = False) -> ImageFolders:
    """Return the images in `data` with the run's own split and test images, if it is its folder.

    Images of the run that are gone, and test images that came later, are not in it.

    Args:
        run: The run.
        data: A folder, or 'hotdog'.
        own: Whether it must be the folder of the run.

    Raises:
        UsageError: It must, but is not, or has none of the run's test images.
    """
    root = find_root(data)
    part = own_test_part(run, root)
    if part is None:
        if own:
            _refuse_other_images(run, root)
        return open_folders(root)
    split = run.split and existing(run.split, root)
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
        for path in run.split.get('test', ()):
            yield path.split('/')[-2], path, ''


def _labels(run: RunDirectory) -> dict[str, int]:
    """Return the `same_name` of each class of a run -> its index."""
    return {same_name(name): label for label, name in enumerate(run.classes)}


def _items_of(folders: ImageFolders, run: RunDirectory) -> Items:
    labels, names = _labels(run), [same_name(name) for name in folders.classes]
    if not labels.keys() >= {*names}:
        raise UsageError(f'{folders.root} has the classes {", ".join(folders.classes)}, the run '
                         f'{run.path} has {", ".join(run.classes)}: evaluate it on images of the '
                         f'same classes')
    parts = folders.parts.values() if 'test' in (folders.split or ()) else [folders.test]
    items = [item for images in parts for item in images.items]
    return [(path, labels[names[label]]) for path, label in items]


def _has_test_folder(root: str) -> bool:
    return os.path.isdir(root) and any(
        name.lower() == 'test' and os.path.isdir(os.path.join(root, name))
        for name in os.listdir(root))


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
    found_classes = {same_name(name) for name in names if not name.startswith('.')}
    if not found_classes.issubset(map(same_name, classes)):
        for parts in (('test',), ('train', *VALIDATION)):
            found = [os.path.join(root, name) for name in names if name.lower() in parts]
            if found:
                return found
    return [root]
