"""Text in matplotlib figures, drawn as it is: no formulas, and fonts that have its characters."""
from __future__ import annotations

import functools
from typing import Any, Iterable, Sequence

from ..types import Axes

_NORMAL = (400, 'normal', 'regular', 'book')
_NO_FONTS = ('Last Resort', 'STIXNon', 'cm')   # boxes; shapes at code points of their own


def set_title(ax: Axes, title: str, **properties: Any) -> None:
    """Set the title of `ax` to a text that may hold any name."""
    draw_literally(ax.set_title('', **properties), title)


def add_legend(ax: Axes, lines: Sequence[Any], names: Iterable[str], **properties: Any) -> None:
    """Add a legend of `lines` to `ax`; the names may begin with '_', which pyplot leaves out."""
    legend = ax.legend(lines, ['?'] * len(lines), **properties)
    for text, name in zip(legend.get_texts(), names):
        draw_literally(text, name)


def draw_literally(text: Any, content: str) -> None:
    r"""Set the content of a matplotlib `Text`.

    What is between two dollar signs is no formula. Characters that the font lacks come from other
    fonts of the system; characters without a font or a shape become escapes such as '\u70ed'.
    """
    lines = [_printable(line) for line in content.split('\n')]
    families = _families(frozenset(''.join(lines)), tuple(text.get_fontfamily()))
    text.set_parse_math(False)
    text.set_fontfamily(list(families))
    known = set().union(*(_characters(family) for family in families))
    text.set_text('\n'.join(''.join(map(functools.partial(_escaped, known), line))
                            for line in lines))


def _printable(line: str) -> str:
    return ''.join(one if one.isprintable() else _escaped(frozenset(), one) for one in line)


def _escaped(known: Iterable[int], character: str) -> str:
    if ord(character) in known:
        return character
    return character.encode('unicode_escape', 'surrogatepass').decode()


@functools.lru_cache(maxsize=256)
def _families(characters: frozenset[str], families: tuple[str, ...]) -> tuple[str, ...]:
    """Return `families` and those fonts of the system that are needed for all `characters`."""
    missing = {ord(one) for one in characters}.difference(*map(_characters, families))
    chosen = list(families)
    for name in _installed() if missing else ():
        found = missing & _characters(name)
        chosen += [name] * bool(found)
        missing -= found
    return tuple(chosen)


@functools.lru_cache(maxsize=None)
def _installed() -> tuple[str, ...]:
    """Return the families that have an upright font of normal weight."""
    from matplotlib.font_manager import fontManager
    return tuple(sorted({font.name for font in fontManager.ttflist
                         if font.weight in _NORMAL and font.style == font.stretch == 'normal'
                         and not font.name.startswith(_NO_FONTS)}))


@functools.lru_cache(maxsize=None)
def _characters(family: str) -> frozenset[int]:
    """Return the code points that the font of a family has; none where it cannot be used."""
    from matplotlib.font_manager import FontProperties, findfont, get_font
    try:
        return frozenset(get_font(findfont(FontProperties(family=[family]))).get_charmap())
    except (OSError, RuntimeError, ValueError):   # such as a font of coloured bitmaps
        return frozenset()
