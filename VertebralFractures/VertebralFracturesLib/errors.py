"""The three ways a run can end without a result; every message is one clear line for the user."""

USE_THE_RADIOGRAPH_COMMAND = "use 'vertebral-fractures radiograph' for a lateral radiograph"
"""Advice for an image that is not a CT but may be a radiograph."""


class UnusableInput(ValueError):
    """The input or an argument cannot be used (exit code 2)."""


class NoGpuFound(UnusableInput):
    """The networks were to run on a GPU, and torch finds none."""


class NetworksMissing(UnusableInput):
    """The folder of weights lacks some."""


class NoSpineFound(RuntimeError):
    """The volume was read and looks like a CT, but no spine is in view (exit code 3)."""


class Cancelled(RuntimeError):
    """The user asked the run to stop (exit code 130)."""
