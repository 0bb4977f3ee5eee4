"""The package's exceptions: wrong input, and work that failed."""
from __future__ import annotations

SEE_DOCTOR = ('\nrun `gluon-finetune doctor`, or `python -m gluon_finetune doctor`, to find the '
              'cause')


class UsageError(ValueError):
    """Unusable input: a folder, a file, a number or an option (exit status 2)."""


class WorkError(RuntimeError):
    """Work that failed on good input, such as an interrupted download (exit status 1)."""


class Diverged(WorkError):
    """The loss became NaN or infinite; a run can restore its last checkpoint and step smaller."""


class Stopped(WorkError):
    """A signal stopped a run, which was saved first.

    Args:
        message: What was saved, and where.
        signal: Number of the signal; the exit status is 128 more, as in a shell.
    """

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal, self.status = signal, 128 + signal
