"""The list of pictures that a run is trained on, so that it goes on with the same; reads none.

Pictures are told apart by path, size in bytes and class. Their contents are not hashed: that would
take as long as an epoch, and whoever edits pictures in place seldom keeps every size.
"""
import copy
import csv
import hashlib
import io
import os

from ..errors import UsageError
from .json_file import read_whole
from .pictures import listed
from .split import relative_paths

FIELDS = ('part', 'class', 'path', 'bytes')
MOST_BYTES = 1 << 29   # a few million pictures


class Listing(dict):
    """(part, class, path) -> size in bytes, of the pictures of `ImageFolders`, in their order."""

    @classmethod
    def of(cls, folders):
        """The pictures as they are now, their paths relative to the folder."""
        return cls(((part, pictures.synsets[label], path), _size(full))
                   for part, pictures in (('train', folders.train), ('test', folders.test))
                   for path, (full, label) in zip(relative_paths(pictures, folders.root),
                                                  pictures.items))

    @classmethod
    def from_csv(cls, path):
        """Reads what `to_csv` made; raises `UsageError` for another file."""
        try:
            text = read_whole(path, MOST_BYTES).decode('utf-8', 'surrogateescape')
            rows = list(csv.reader(io.StringIO(text, newline='')))
            if tuple(rows[0]) != FIELDS:
                raise ValueError(f'its first line is {rows[0]!a:.80}')
            return cls(((part, name, file), int(size)) for part, name, file, size in rows[1:])
        except (ValueError, IndexError, csv.Error) as error:
            raise UsageError(f'{path} is not a list of pictures: expected a table with the columns '
                             f'{", ".join(FIELDS)} ({error})') from None

    def to_csv(self):
        """The table as bytes."""
        text = io.StringIO(newline='')
        writer = csv.writer(text)   # its \r\n makes it quote either in a name
        writer.writerow(FIELDS)
        writer.writerows((*key, size) for key, size in self.items())
        return text.getvalue().encode('utf-8', 'surrogateescape')

    @property
    def sha256(self):
        """Of the table, in hexadecimal."""
        return hashlib.sha256(self.to_csv()).hexdigest()

    def difference(self, now, may_lack=False):
        """How the pictures `now` differ from these, in words; '' where they do not.

        With `may_lack`, pictures may be gone or of another size.
        """
        changes = {'new': [key for key in now if key not in self]}
        if not may_lack:
            changes['gone'] = [key for key in self if key not in now]
            changes['of another size'] = [key for key in self
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


def _size(path):
    try:
        return os.path.getsize(path)
    except OSError:
        return -1   # whoever reads it will say why
