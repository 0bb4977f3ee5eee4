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
    bad = folders.check()
    copies = find_copies(folders)
    if args.near:
        copies += find_near_duplicates(folders)
    if args.json:
        print_json({
            'classes': folders.classes, 'train': len(folders.train), 'test': len(folders.test),
            'bad': [{'file': image.path, 'reason': image.reason} for image in bad],
            'copies': {finding.kind: finding.groups for finding in copies}})
    else:
        for image in bad:
            print(f'{image.path}: {image.reason}')
        print(f'{len(folders.train)} training and {len(folders.test)} test images of '
              f'{len(folders.classes)} classes, {len(bad)} cannot be decoded')
        for finding in copies:
            print('\n  '.join([f'{finding.problem}: {finding.advice}', *finding.pairs]))
    return 1 if bad else 0
