"""The list of images that a run is trained on, so that it goes on with the same; decodes none.

Images are told apart by path, class and the hash of their bytes, which two cores read and hash
about a thousand times as fast as they train at 224 pixels.
"""
import copy
import csv
import hashlib
import io
import os
import re

from ..data.check import hash_images
from ..data.dataset import shortlist
from ..data.split import relative_paths
from ..errors import UsageError
from ..files.read import read_bytes

FIELDS = ('part', 'class', 'path', 'sha256')
MOST_BYTES = 1 << 29   # a few million images


class Manifest(dict):
    """(part, class, path) -> SHA-256, of the images of `ImageFolders`, in their order."""

    @classmethod
    def of(cls, folders, hashes=None):
        """The images as they are now, their paths relative to the folder.

        `hashes`: path -> SHA-256 of images that have been hashed already (`ImageFolders.hashes`).
        """
        files = {(part, images.synsets[label], path): full
                 for part, images in (('train', folders.train), ('test', folders.test))
                 for path, (full, label) in zip(relative_paths(images, folders.root),
                                                images.items)}
        if hashes is None:
            hashes = dict(zip(files.values(), hash_images(list(files.values()))))
        return cls((key, hashes[path]) for key, path in files.items())

    @classmethod
    def from_csv(cls, path):
        """Reads what `to_csv` made; raises `UsageError` for another file."""
        try:
            text = read_bytes(path, MOST_BYTES).decode('utf-8', 'surrogateescape')
            rows = list(csv.reader(io.StringIO(text, newline='')))
            if tuple(rows[0]) != FIELDS:
                raise ValueError(f'its first line is {rows[0]!a:.80}')
            return cls(((part, name, file), _checked(sha256))
                       for part, name, file, sha256 in rows[1:])
        except (ValueError, IndexError, csv.Error) as error:
            raise UsageError(f'{path} is not a list of images: expected a table with the columns '
                             f'{", ".join(FIELDS)} ({error})') from None

    def to_csv(self):
        """The table as bytes."""
        text = io.StringIO(newline='')
        writer = csv.writer(text)   # its \r\n makes it quote either in a name
        writer.writerow(FIELDS)
        writer.writerows((*key, sha256) for key, sha256 in self.items())
        return text.getvalue().encode('utf-8', 'surrogateescape')

    @property
    def sha256(self):
        """Of the table, in hexadecimal."""
        return hashlib.sha256(self.to_csv()).hexdigest()

    def difference(self, now, allow_missing=False):
        """How the images `now` differ from these, in words; '' where they do not.

        With `allow_missing`, images may be gone or damaged.
        """
        changes = {'new': [key for key in now if key not in self]}
        if not allow_missing:
            changes['gone'] = [key for key in self if key not in now]
            changes['of other content'] = [key for key in self
                                           if now.get(key, self[key]) != self[key]]
        return '; '.join(f'{len(keys)} {change} ({shortlist([path for _, _, path in keys])})'
                         for change, keys in changes.items() if keys)

    def restore(self, folders):
        """These images as `ImageFolders`, those included that are gone."""
        other = copy.copy(folders)
        other.train, other.test = (
            images.subset((os.path.join(folders.root, *path.split('/')),
                           folders.classes.index(name))
                          for side, name, path in self if side == part)
            for part, images in (('train', folders.train), ('test', folders.test)))
        return other


def _checked(sha256):
    if not re.fullmatch('([0-9a-f]{64})?', sha256):
        raise ValueError(f'{sha256!a:.80} is no SHA-256')
    return sha256
