"""The command line: finds the command, runs it, turns errors into one line and an exit status."""
from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import os
import signal
import sys
import warnings
from typing import Any, Sequence, TextIO

from ..errors import Stopped, UsageError, WorkError
from ..version import __version__

# Command: its line in `gluon-finetune --help`. The module of the same name has `add_arguments` and
# `run`, and is imported when the command is given.
COMMANDS = {
    'demo': "run the chapter's four steps on synthetic images",
    'train': 'fine-tune a network on a folder of images',
    'evaluate': 'measure the accuracy of a run on a folder of images',
    'predict': 'classify images with the network of a run',
    'report': 'write the report of a run again',
    'compare': 'compare runs: accuracies, curves and settings',
    'export': 'write the network of a run in another format',
    'check': 'list the images of a folder that cannot be decoded',
    'parity': 'compare every step with PyTorch, in one table',
    'doctor': 'report what does not work on this machine, and how to fix it',
}

SIGPIPE = 13   # which Windows lacks
PACKAGE = os.path.dirname(os.path.dirname(__file__))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Words of the command line; by default those of this process.

    Returns:
        The exit status: 0 done, 1 the work failed, 2 wrong use; as in a shell 130 after Ctrl-C,
        143 after SIGTERM, and 141 when nobody reads the output any more.
    """
    args = make_parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == 'strict':
        sys.stdout.reconfigure(errors='backslashreplace')   # names of files may be any bytes
    try:
        with warnings.catch_warnings():
            if not sys.warnoptions:   # else the user wants them as they are
                warnings.showwarning = _show_warning
            return _run(args)
    except BrokenPipeError:   # as of `| head`, which has read enough
        return _end_quietly()
    except UsageError as error:
        return _complain(error, 2)
    except Stopped as error:
        return _complain(error, error.status)
    except _failures() as error:
        return _complain(error, 1)
    except KeyboardInterrupt:
        return _complain('interrupted', 128 + signal.SIGINT)


def _run(args: argparse.Namespace) -> int:
    if args.command != 'doctor':   # which examines whether MXNet can be imported
        importlib.import_module('..compat.imports', __package__)   # before other libraries
    status: int = args.run(args) or 0
    sys.stdout.flush()
    return status


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of every command; each adds its arguments when it is given."""
    parser = argparse.ArgumentParser(prog='gluon-finetune',
                                     description='Fine-tune an image classifier.')
    parser.add_argument('--version', action='version', version=__version__)
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND',
                                     parser_class=_Command)
    for name, text in COMMANDS.items():
        commands.add_parser(name, help=text, description=f'{text[0].upper()}{text[1:]}.')
    return parser


class _Command(argparse.ArgumentParser):
    """The parser of one command, which imports the command's module to parse its words."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, Any]:
        if self.get_default('run') is None:
            module = importlib.import_module(f'.{self.prog.split()[-1]}', __package__)
            module.add_arguments(self)
            self.set_defaults(run=module.run)
        return super().parse_known_args(args, namespace)


def _failures() -> tuple[type[Exception], ...]:
    """Return the errors of work that failed; MXNet's own if it has been imported."""
    mxnet_error = getattr(sys.modules.get('mxnet'), 'MXNetError', WorkError)
    return WorkError, OSError, MemoryError, ImportError, mxnet_error


def _show_warning(message: Warning | str, category: type[Warning], filename: str, lineno: int,
                  file: TextIO | None = None, line: str | None = None) -> None:
    """Print a warning of this package as a line; those of libraries name no image, and are none."""
    own = category is UserWarning and filename.startswith(os.path.join(PACKAGE, ''))
    if own and not str(message).startswith('Glyph '):   # matplotlib's, on behalf of its caller
        print(f'gluon-finetune: warning: {message}', file=sys.stderr)


def _end_quietly() -> int:
    """Discard the rest of the output, or Python would complain about it at its exit."""
    with contextlib.suppress(OSError, ValueError):   # no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + SIGPIPE


def _complain(error: object, status: int) -> int:
    """Print the message of an error without its traceback."""
    print(f'gluon-finetune: {str(error).strip() or type(error).__name__}', file=sys.stderr)
    return status
