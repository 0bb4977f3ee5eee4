"""The manifest: the list of images that a run is trained and evaluated on.

Images are identified by path, class and the SHA-256 of their bytes; two cores read and hash them
about a thousand times as fast as they train at 224 pixels.
"""
from __future__ import annotations

import copy
import csv
import hashlib
import io
import os
import re
from typing import Dict, Mapping, Tuple

from ..data.check import hash_images
from ..data.folders import ImageFolders
from ..data.formats import NEW_EXTENSIONS
from ..data.scan import shortlist
from ..data.split import relative_paths
from ..errors import UsageError
from ..files.read import read_bytes
from ..types import StrPath

COLUMNS = ('part', 'class', 'path', 'sha256')
MAX_BYTES = 1 << 29   # a few million images


class Manifest(Dict[Tuple[str, str, str], str]):
    """(part, class, path) -> SHA-256 of the images of `ImageFolders`, in their order."""

    @classmethod
    def of(cls, folders: ImageFolders, hashes: Mapping[str, str] | None = None) -> Manifest:
        """List the images as they are now; paths are relative to the folder.

        `hashes` (path -> SHA-256, as of `ImageFolders.hashes`) spares reading them again.
        """
        files = {(part, images.synsets[label], path): full
                 for part, images in folders.parts.items()
                 for path, (full, label) in zip(relative_paths(images, folders.root),
                                                images.items)}
        if hashes is None:
            hashes = dict(zip(files.values(), hash_images(list(files.values()))))
        return cls((key, hashes[path]) for key, path in files.items())

    @classmethod
    def from_csv(cls, path: StrPath) -> Manifest:
        """Read a file of `to_csv`; raise `UsageError` for another file."""
        try:
            text = read_bytes(path, MAX_BYTES).decode('utf-8', 'surrogateescape')
            rows = list(csv.reader(io.StringIO(text, newline='')))
            if tuple(rows[0]) != COLUMNS:
                raise ValueError(f'its first line is {rows[0]!a:.80}')
            return cls(((part, name, file), _checked(sha256))
                       for part, name, file, sha256 in rows[1:])
        except (ValueError, IndexError, csv.Error) as error:
            raise UsageError(f'{path} is not a manifest of images: expected a table with the '
                             f'columns {", ".join(COLUMNS)} ({error})') from None

    def to_csv(self) -> bytes:
        """Return the table as bytes."""
        text = io.StringIO(newline='')
        writer = csv.writer(text)   # its \r\n makes it quote either in a name
        writer.writerow(COLUMNS)
        writer.writerows((*key, sha256) for key, sha256 in self.items())
        return text.getvalue().encode('utf-8', 'surrogateescape')

    @property
    def sha256(self) -> str:
        """SHA-256 of the table, in hexadecimal."""
        return hashlib.sha256(self.to_csv()).hexdigest()

    def difference(self, now: Manifest, allow_missing: bool = False) -> str:
        """Describe how the images `now` differ from these; return '' where they do not.

        With `allow_missing`, missing and changed images do not count.
        """
        differences = {'added': [key for key in now if key not in self and not self._ignored(key)]}
        if not allow_missing:
            differences['missing'] = [key for key in self if key not in now]
            differences['changed'] = [key for key in self if now.get(key, self[key]) != self[key]]
        return '; '.join(f'{len(keys)} {difference} ({shortlist([path for _, _, path in keys])})'
                         for difference, keys in differences.items() if keys)

    @property
    def has_val(self) -> bool:
        """Whether there are validation images."""
        return any(part == 'val' for part, _, _ in self)

    def without_leaks(self, original: Manifest) -> Manifest:
        """Return these images without those that leaked later from a part of the `original` ones.

        These are test images that are in training or validation there, and validation images that
        are in training.
        """
        train, val = ({sha256 for (part, _, _), sha256 in original.items() if part == name}
                      for name in ('train', 'val'))
        earlier = {'train': set(), 'val': train, 'test': train | val}
        return Manifest((key, sha256) for key, sha256 in self.items()
                        if key in original or sha256 not in earlier[key[0]])

    def _ignored(self, key: tuple[str, str, str]) -> bool:
        """Return whether 0.1.0, which may have started the run, ignored an image.

        It took none in subfolders of class folders, and knew fewer extensions.
        """
        deepest = max((path.count('/') for _, _, path in self), default=0)
        extension = os.path.splitext(key[2])[1].lower()
        known = {os.path.splitext(path)[1].lower() for _, _, path in self}
        return key[2].count('/') > deepest or extension in NEW_EXTENSIONS and extension not in known

    def restore(self, folders: ImageFolders) -> ImageFolders:
        """Return `folders` with exactly these images, including missing ones."""
        other = copy.copy(folders)
        other.train, other.test, val = (
            images.subset((os.path.join(folders.root, *path.split('/')),
                            folders.classes.index(name))
                           for side, name, path in self if side == part)
            for part, images in (('train', folders.train), ('test', folders.test),
                                 ('val', folders.train)))
        other.val = val if val.items else None
        return other

    def limit(self, folders: ImageFolders) -> ImageFolders:
        """Return `folders` without images that are not among these."""
        known = {(part, path) for part, _, path in self}
        return folders.without(
            full for part, images in folders.parts.items()
            for path, (full, _) in zip(relative_paths(images, folders.root), images.items)
            if (part, path) not in known)


def _checked(sha256: str) -> str:
    if not re.fullmatch('([0-9a-f]{64})?', sha256):
        raise ValueError(f'{sha256!a:.80} is not a SHA-256')
    return sha256
