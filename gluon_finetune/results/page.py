"""Pages of the templates in `templates/`: self-contained HTML in which everything is escaped."""
from __future__ import annotations

import math
import re
from typing import Any

from ..files.atomic import atomic_write
from ..types import StrPath


def write_page(path: StrPath, template: str, **values: Any) -> None:
    r"""Write a page.

    Args:
        path: The file, which is replaced.
        template: Name of a file in `templates/`.
        values: What the template shows, escaped wherever it is text; names of files that are not
            UTF-8 have escapes such as `\xe9`.

    Raises:
        WorkError: The file cannot be written.
    """
    import jinja2
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    environment.filters.update(percent=percent, number=number)
    text = re.sub('[\udc80-\udcff]', _escaped, environment.get_template(template).render(values))
    with atomic_write(path) as file:
        file.write(text.encode('utf-8', 'backslashreplace'))


def _escaped(byte: re.Match[str]) -> str:
    r"""Return a byte of a name that is not UTF-8 as an escape, such as '\xe9'."""
    return f'\\x{ord(byte.group()) - 0xdc00:02x}'


def percent(share: float, digits: int = 1) -> str:
    """Return a share as text, such as '84.3%', or a dash where it is NaN."""
    return '–' if math.isnan(share) else f'{share:.{digits}%}'


def number(count: int) -> str:
    """Return a count as text, such as '11,168,002'."""
    return f'{count:,}'
