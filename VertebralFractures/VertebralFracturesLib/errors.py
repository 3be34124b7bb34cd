"""The three ways a run can end without a result; every message is one clear line for the user."""


class UnusableInput(ValueError):
    """The input or an argument cannot be used (exit code 2)."""


class NoSpineFound(RuntimeError):
    """The volume was read and looks like a CT, but no spine is in view (exit code 3)."""


class Cancelled(RuntimeError):
    """The user asked the run to stop (exit code 130)."""
