"""`gluon-finetune doctor`, which also runs where MXNet or NumPy cannot be imported."""
from __future__ import annotations

import argparse

from .common import add_json, print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the findings; return 1 if something is broken."""
    from ..doctor.examine import broken, examine, screen
    sections = examine()
    if args.json:
        print_json([{'section': section, **finding._asdict()}
                    for section, findings in sections.items() for finding in findings])
    else:
        print(screen(sections))
    return 1 if broken(sections) else 0
