"""The command line, as `gluon-finetune` and as `python -m gluon_finetune`."""
from __future__ import annotations

import sys
from typing import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status, as `cli.main.main` does."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ['doctor']:   # runs where MXNet does not import
        from .doctor.command import main as doctor
        status: int = doctor(words)
        return status
    try:
        from .cli.main import main as command_line
    except ImportError as error:
        print(f'gluon-finetune: {error}', file=sys.stderr)
        return 1
    status = command_line(words)
    return status


if __name__ == '__main__':
    sys.exit(main())
