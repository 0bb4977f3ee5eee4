"""Choice of the held-out images of a split, with copies of an image on one side."""
from __future__ import annotations

import collections
from typing import Iterator, Sequence


def choose_held_out(members: Sequence[Sequence[str]], fraction: float,
                    copies: Sequence[Sequence[str]] = ()) -> set[str]:
    """Choose a fraction of each class, with at least one image on either side.

    The first images of a class are chosen, except those with more copies than the fraction allows.
    Where that leaves none, copies are chosen, as few as possible. A class whose images are copies
    of one has no held-out image.

    Args:
        members: The images of each class, in an order that decides.
        fraction: Share of each class, between 0 and 1.
        copies: Groups of images that stay on one side; they may belong to several classes.
    """
    choice = _Choice(members, fraction, copies)
    for label in range(len(members)):
        choice.choose(label)
    return choice.held_out


class _Choice:
    """The images chosen so far, and how many each class can still give."""

    def __init__(self, members: Sequence[Sequence[str]], fraction: float,
                 copies: Sequence[Sequence[str]]) -> None:
        self.held_out: set[str] = set()
        self._decided: set[str] = set()
        self._members = members
        self._labels = {path: label for label, names in enumerate(members) for path in names}
        self._copies = {path: group for group in copies for path in group}
        self._most = [len(names) - 1 for names in members]   # one must stay for training
        self._wanted = [min(max(round(fraction * len(names)), 1), len(names) - 1)
                        for names in members]
        self._chosen = [0] * len(members)

    def choose(self, label: int) -> None:
        """Choose images of a class among those that no class before it has decided."""
        groups = list(self._undecided(label))
        for group in groups:
            self._add(group, self._wanted)
        for group in sorted(groups, key=len):
            if not self._chosen[label]:
                self._add(group, self._most)

    def _undecided(self, label: int) -> Iterator[Sequence[str]]:
        for path in self._members[label]:
            if path not in self._decided:
                group = self._copies.get(path, [path])
                self._decided.update(group)
                yield group

    def _add(self, group: Sequence[str], limits: Sequence[int]) -> None:
        """Choose a group of copies unless one of their classes would exceed its limit."""
        sizes = collections.Counter(self._labels[path] for path in group)
        if all(self._chosen[label] + size <= limits[label] for label, size in sizes.items()):
            self.held_out.update(group)
            for label, size in sizes.items():
                self._chosen[label] += size
