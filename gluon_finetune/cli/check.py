"""`gluon-finetune check`."""
from __future__ import annotations

import argparse

from .common import add_data, add_json, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_data(parser)
    parser.add_argument('--near', action='store_true',
                        help='also find images that look alike (needs gluon_finetune[near])')
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print each image that cannot be decoded, and copies; return 1 if one cannot be decoded."""
    from ..data.duplicates import find_copies
    from ..data.folders import open_folders
    from ..data.near_duplicates import find_near_duplicates
    folders = open_folders(args.data)
    bad, plain, copies = folders.check(), folders.without_contrast(), find_copies(folders)
    if args.near:
        copies += find_near_duplicates(folders)
    if args.json:
        val = {} if folders.val is None else {'val': len(folders.val)}
        print_json({
            'classes': folders.classes, 'train': len(folders.train), **val,
            'test': len(folders.test),
            'bad': [{'file': image.path, 'reason': image.reason} for image in bad],
            'without_contrast': plain, 'notes': folders.notes,
            'copies': {finding.kind: finding.groups for finding in copies}})
        return 1 if bad else 0
    for image in bad:
        print(f'{image.path}: {image.reason}')
    for path in plain:
        print(f'{path}: without contrast, all of its pixels have nearly the same colour')
    for note in folders.notes:
        print(note)
    print(f'{folders.counts} of {len(folders.classes)} classes, {len(bad)} cannot be decoded')
    for finding in copies:
        print('\n  '.join([f'{finding.problem}: {finding.advice}', *finding.pairs]))
    return 1 if bad else 0
