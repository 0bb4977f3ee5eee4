"""The files of a class folder: its images, and what is not taken for one."""
from __future__ import annotations

import collections
import dataclasses
import os
from typing import Counter, Iterator, Sequence

from .formats import HINT, UNREADABLE, is_image

# What operating systems, file servers and archive programs add; hidden files are ignored anyway.
_IGNORED_FOLDERS = ('__MACOSX', '__pycache__', '@eaDir', '#recycle', '$RECYCLE.BIN', 'lost+found',
                    'System Volume Information')
_IGNORED_FILES = ('thumbs.db', 'ehthumbs.db', 'desktop.ini', 'icon\r')

# A folder with the first two and one of the others is a run directory of `gluon-finetune train`.
_RUN_FILES = ('config.json', 'labels.json')
_RUN_RESULTS = ('history.csv', 'checkpoint', 'best.params', 'pictures.csv')


@dataclasses.dataclass
class Unused:
    """Files of a folder that are not used.

    Attributes:
        files: Number of other files by extension, in lower case.
        runs: Paths of run directories.
        folders: Paths of folders that are no part of the data set, with their number of images.
        nested: Number of images that are used from subfolders of class folders.
    """

    files: Counter[str] = dataclasses.field(default_factory=collections.Counter)
    runs: list[str] = dataclasses.field(default_factory=list)
    folders: list[str] = dataclasses.field(default_factory=list)
    nested: int = 0

    def count(self, path: str) -> None:
        """Count a file that is not used."""
        self.files[os.path.splitext(path)[1].lower() or 'without extension'] += 1

    def add(self, other: Unused) -> None:
        """Add what is not used of another folder."""
        self.files.update(other.files)
        self.runs += other.runs
        self.folders += other.folders
        self.nested += other.nested

    def sentences(self, root: str) -> list[str]:
        """Return a sentence for each kind of thing that is not used."""
        lines = []
        if self.files:
            kinds = ', '.join(f'{n} {kind}' for kind, n in self.files.most_common())
            hint = ', '.join(kind for kind in UNREADABLE if kind in self.files)
            lines.append(f'not used: {plural(sum(self.files.values()), "file")} in {root} ({kinds})'
                         + f'; to read {hint}: {HINT}' * bool(hint))
        for kind, paths in (('run director', self.runs), ('folder', self.folders)):
            if paths:
                lines.append(f'not used: {plural(len(paths), kind)} in {root} ({shortlist(paths)})')
        if self.nested:
            belong = 'it belongs' if self.nested == 1 else 'they belong'
            lines.append(f'{plural(self.nested, "image")} in subfolders of class folders: {belong} '
                         f'to the class')
        return lines


class Folder:
    """The visible entries of a folder.

    Attributes:
        path: Path of the folder.
        folders: Sorted names of its folders without run directories.
        files: Sorted names of its files.
        runs: Sorted names of the run directories in it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.folders: list[str] = []
        self.files: list[str] = []
        self.runs: list[str] = []
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name.startswith('.'):
                    continue
                if not entry.is_dir():
                    if entry.name.lower() not in _IGNORED_FILES:
                        self.files.append(entry.name)
                elif entry.name not in _IGNORED_FOLDERS:
                    (self.runs if is_run(entry.path) else self.folders).append(entry.name)
        for names in (self.folders, self.files, self.runs):
            names.sort()   # the file system's order is arbitrary

    def join(self, name: str) -> str:
        """Return the path of an entry."""
        return os.path.join(self.path, name)


def is_run(path: str) -> bool:
    """Return whether a folder is a run directory of `gluon-finetune train`."""
    return (all(os.path.isfile(os.path.join(path, name)) for name in _RUN_FILES)
            and any(os.path.exists(os.path.join(path, name)) for name in _RUN_RESULTS))


def walk(path: str, above: tuple[str, ...] = ()) -> Iterator[Folder]:
    """Yield a folder and its subfolders, but no run directory; links may lead in circles."""
    real = os.path.realpath(path)
    if real in above:
        return
    folder = Folder(path)
    yield folder
    for name in folder.folders:
        yield from walk(folder.join(name), (*above, real))


def image_files(path: str, unused: Unused) -> list[str]:
    """Return the images of a class folder and its subfolders; add the rest to `unused`."""
    images = []
    for folder in walk(path):
        taken = [folder.join(name) for name in folder.files if is_image(name)]
        images += taken
        unused.nested += len(taken) if folder.path != path else 0
        unused.runs += map(folder.join, folder.runs)
        for name in folder.files:
            if not is_image(name):
                unused.count(name)
    return images


def count_images(path: str) -> int:
    """Return the number of images in a folder and its subfolders."""
    return sum(is_image(name) for folder in walk(path) for name in folder.files)


def plural(count: int, word: str) -> str:
    """Return such as '1 file', '2 files', '2 run directories'."""
    if word.endswith('director'):
        return f'{count} {word}{"y" if count == 1 else "ies"}'
    return f'{count} {word}{"s" * (count != 1)}'


def shortlist(names: Sequence[str], limit: int = 3) -> str:
    """Join the first `limit` names for a message, such as 'a, b, c, ...'."""
    return ', '.join(names[:limit]) + ', ...' * (len(names) > limit)
