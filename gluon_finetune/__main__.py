"""`gluon-finetune` and `python -m gluon_finetune`: the command line, also where MXNet is broken.

`doctor` starts without what it examines; every other command says in one line what MXNet lacks.
"""
import sys


def main(argv=None):
    """Runs one command; returns the exit status: 0 done, 1 the work failed, 2 wrong use."""
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == ['doctor']:
        from .doctor.command import main as doctor
        return doctor(words)
    try:
        from .cli.main import main as command_line
        from .compat import imports  # noqa: F401, MXNet must load before anything asks for it
    except ImportError as error:
        print(f'gluon-finetune: {error}', file=sys.stderr)
        return 1
    return command_line(words)


if __name__ == '__main__':
    sys.exit(main())
