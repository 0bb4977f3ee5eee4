"""The list of pictures that a run is trained on, so that it goes on with the same; decodes none.

Pictures are told apart by path, class and the hash of their bytes, which two cores read and hash
about a thousand times as fast as they train at 224 pixels.
"""
import copy
import csv
import hashlib
import io
import os
import re

from ..data.check import hash_pictures
from ..data.dataset import listed
from ..data.split import relative_paths
from ..errors import UsageError
from ..files.read import read_whole

FIELDS = ('part', 'class', 'path', 'sha256')
MOST_BYTES = 1 << 29   # a few million pictures


class Listing(dict):
    """(part, class, path) -> SHA-256, of the pictures of `ImageFolders`, in their order."""

    @classmethod
    def of(cls, folders):
        """The pictures as they are now, their paths relative to the folder."""
        files = {(part, pictures.synsets[label], path): full
                 for part, pictures in (('train', folders.train), ('test', folders.test))
                 for path, (full, label) in zip(relative_paths(pictures, folders.root),
                                                pictures.items)}
        return cls(zip(files, hash_pictures(list(files.values()))))

    @classmethod
    def from_csv(cls, path):
        """Reads what `to_csv` made; raises `UsageError` for another file."""
        try:
            text = read_whole(path, MOST_BYTES).decode('utf-8', 'surrogateescape')
            rows = list(csv.reader(io.StringIO(text, newline='')))
            if tuple(rows[0]) != FIELDS:
                raise ValueError(f'its first line is {rows[0]!a:.80}')
            return cls(((part, name, file), _checked(sha256))
                       for part, name, file, sha256 in rows[1:])
        except (ValueError, IndexError, csv.Error) as error:
            raise UsageError(f'{path} is not a list of pictures: expected a table with the columns '
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

    def difference(self, now, may_lack=False):
        """How the pictures `now` differ from these, in words; '' where they do not.

        With `may_lack`, pictures may be gone or damaged.
        """
        changes = {'new': [key for key in now if key not in self]}
        if not may_lack:
            changes['gone'] = [key for key in self if key not in now]
            changes['of other content'] = [key for key in self
                                           if now.get(key, self[key]) != self[key]]
        return '; '.join(f'{len(keys)} {change} ({listed([path for _, _, path in keys])})'
                         for change, keys in changes.items() if keys)

    def restore(self, folders):
        """These pictures as `ImageFolders`, those included that are gone."""
        other = copy.copy(folders)
        other.train, other.test = (
            pictures.holding((os.path.join(folders.root, *path.split('/')),
                              folders.classes.index(name))
                             for side, name, path in self if side == part)
            for part, pictures in (('train', folders.train), ('test', folders.test)))
        return other


def _checked(sha256):
    if not re.fullmatch('([0-9a-f]{64})?', sha256):
        raise ValueError(f'{sha256!a:.80} is no SHA-256')
    return sha256
