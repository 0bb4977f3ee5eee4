"""`gluon-finetune predict`."""
from __future__ import annotations

import argparse
import csv
import json
import sys
import textwrap
from typing import TYPE_CHECKING

from .common import add_dtype, add_run, count

if TYPE_CHECKING:
    from ..types import Ranking


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_run(parser)
    parser.add_argument('files', metavar='FILE', nargs='+',
                        help="image files, folders of images, patterns such as 'new/*.jpg', or -: "
                             "one path per line of standard input")
    add_dtype(parser)
    parser.add_argument('--top', type=count, default=5, metavar='N',
                        help='classes to print (default: 5)')
    output = parser.add_mutually_exclusive_group()
    output.add_argument('--json', action='store_true', help='print JSON')
    output.add_argument('--csv', action='store_true',
                        help='print a table: file, class and probability, a row for each class')


def run(args: argparse.Namespace) -> int:
    """Print the classes of each image, most probable first; return 1 if one cannot be used."""
    from ..data.check import BadImage
    from ..results.image_list import list_images
    from ..results.predict import BATCH_SIZE, Predictor
    predictor, bad = Predictor.load(args.path, args.dtype), 0
    output = _Json() if args.json else _Csv() if args.csv else _Text()
    stdin = sys.stdin.fileno() if '-' in args.files else -1
    for image, answer in predictor.stream(list_images(args.files, stdin, BATCH_SIZE)):
        if isinstance(answer, BadImage):
            bad += 1
            print(f'gluon-finetune: cannot use the image {answer.path}: {answer.reason}',
                  file=sys.stderr)
            output.add_bad(answer.path, answer.reason)
        else:
            output.add(image, predictor.rank(answer, args.top))
        sys.stdout.flush()
    output.end()
    return 1 if bad else 0


class _Text:
    """A line for each image."""

    def add(self, file: str, ranking: Ranking) -> None:
        print(f'{file}: ' + ', '.join(f'{name} {probability:.3f}' for name, probability in ranking))

    def add_bad(self, file: str, reason: str) -> None:
        """Print nothing: standard error names the file."""

    def end(self) -> None:
        """Print what follows the last image."""


class _Csv(_Text):
    """A table with all texts in quotes, as a file name may have a comma or a line break."""

    def __init__(self) -> None:
        self._writer = csv.writer(sys.stdout, quoting=csv.QUOTE_NONNUMERIC, lineterminator='\n')
        self._writer.writerow(['file', 'class', 'probability'])

    def add(self, file: str, ranking: Ranking) -> None:
        self._writer.writerows([file, *pair] for pair in ranking)


class _Json(_Text):
    """A list, written entry by entry."""

    def __init__(self) -> None:
        self._before = '[\n'

    def add(self, file: str, ranking: Ranking) -> None:
        self._entry({'file': file, 'classes': [{'class': name, 'probability': probability}
                                               for name, probability in ranking]})

    def add_bad(self, file: str, reason: str) -> None:
        self._entry({'file': file, 'error': reason})

    def end(self) -> None:
        print('[]' if self._before == '[\n' else '\n]')

    def _entry(self, entry: dict[str, object]) -> None:
        text = json.dumps(entry, indent=2, ensure_ascii=False)
        print(self._before + textwrap.indent(text, '  '), end='')
        self._before = ',\n'
