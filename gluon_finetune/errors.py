"""The two ways things go wrong; knows nothing about pictures, networks or MXNet."""


class UsageError(ValueError):
    """What arrived cannot be used: a folder, a file, a number or an option (exit status 2)."""


class WorkError(RuntimeError):
    """The input was fine, the work failed: a broken download, a loss beyond numbers (status 1)."""


class Diverged(WorkError):
    """The loss is not finite; a run can go back to its last checkpoint with smaller steps."""
