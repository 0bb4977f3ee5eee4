"""The two ways things go wrong; knows nothing about images, networks or MXNet."""


class UsageError(ValueError):
    """What arrived cannot be used: a folder, a file, a number or an option (exit status 2)."""


class WorkError(RuntimeError):
    """The input was fine, the work failed: a broken download, a loss beyond numbers (status 1)."""


class Diverged(WorkError):
    """The loss is not finite; a run can go back to its last checkpoint with smaller steps."""


class Stopped(WorkError):
    """A signal asked for an end and the run is saved; `status` is the exit status it stands for."""

    def __init__(self, message, signal):
        super().__init__(message)
        self.signal, self.status = signal, 128 + signal
