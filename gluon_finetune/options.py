"""Options as dataclass fields: type, default, range and help text of each, declared once."""
from __future__ import annotations

import dataclasses
import math
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

_IN_WORDS = {int: 'a whole number', float: 'a number', str: 'a string', bool: 'True or False'}


def option(default: Any, help: str, *, flag: str | None = None, resumable: bool = False,
           run_only: bool = False, before: Any = None, **bounds: float) -> Any:
    """Declare a field of `Config`.

    Args:
        default: The value where none is given; None where the type is `Optional`.
        help: One line for `gluon-finetune train --help` and the documentation.
        flag: On the command line; by default made from the field's name.
        resumable: Whether a resumed run may change it, as it does not alter epochs already done.
        run_only: Whether only a run uses it: `train_fine_tuning`, which is given a net and writes
            no run directory, rejects it.
        before: Its value in a `config.json` from before it existed; None stands for the default.
        bounds: `minimum`, `above` (an exclusive minimum), `below` (an exclusive maximum) and
            `maximum` of a number.
    """
    return dataclasses.field(default=default, metadata={
        'help': help, 'flag': flag, 'resumable': resumable, 'run_only': run_only,
        'before': before, **bounds})


class Option(NamedTuple):
    """One field of `Config`, with its type taken apart."""

    name: str
    kind: type                    # int, float, str or bool
    optional: bool                # None is allowed
    choices: tuple[str, ...]      # () for every value of the type
    default: Any
    flag: str
    help: str
    resumable: bool
    run_only: bool
    before: Any
    minimum: float = -math.inf
    above: float = -math.inf
    below: float = math.inf
    maximum: float = math.inf

    @property
    def has_default(self) -> bool:
        """Whether there is a default to show; the help text explains the absence of a value."""
        return self.default is not None and self.kind is not bool

    @property
    def expected(self) -> str:
        """The values that are allowed, in words."""
        if self.choices:
            return f'{", ".join(self.choices[:-1])} or {self.choices[-1]}'
        bounds = [('of at least', self.minimum), ('above', self.above),
                  ('below', self.below), ('at most', self.maximum)]
        limits = [f'{words} {bound}' for words, bound in bounds if math.isfinite(bound)]
        return f'{_IN_WORDS[self.kind]} {" and ".join(limits)}'.strip()

    def allows(self, value: Any) -> bool:
        """Whether `value` has the type and is within the range."""
        if value is None:
            return self.optional
        if self.choices:
            return value in self.choices
        if self.kind not in (int, float):
            return isinstance(value, self.kind)
        return (isinstance(value, (int, self.kind)) and not isinstance(value, bool)
                and self.minimum <= value <= self.maximum and self.above < value < self.below)


def options_of(config: type) -> list[Option]:
    """Return the options that the fields of a dataclass declare, in their order."""
    return [_option(field) for field in dataclasses.fields(config)]


def _option(field: dataclasses.Field[Any]) -> Option:
    kinds = set(get_args(field.type) if get_origin(field.type) is Union else [field.type])
    kind, = kinds - {type(None)}
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    flag = field.metadata['flag'] or f'--{field.name.replace("_", "-")}'
    return Option(field.name, str if choices else kind, type(None) in kinds, choices,
                  field.default, **{**field.metadata, 'flag': flag})


def markdown_table(options: list[Option]) -> str:
    """Return a Markdown table with a line for each option."""
    lines = ['| option | keyword | value | default | on resume | meaning |',
             '|---|---|---|---|---|---|']
    for each in options:
        value = 'a flag' if each.kind is bool else each.expected
        default = f'`{each.default}`' if each.has_default else ''
        lines.append(f'| `{each.flag}` | `{each.name}` | {value} | {default} | '
                     f'{"may change" if each.resumable else "fixed"} | {each.help} |')
    return '\n'.join(lines) + '\n'
