"""The command ``bids``: a BIDS App, with the arguments that all of them have.

``layout`` knows how files are called in a BIDS data set and in its derivatives, ``participant`` analyzes the CTs of
participants one after the other, and ``group`` collects what they gave. See Documentation/bids_app.md.
"""

from .command import add_arguments, run

__all__ = ["add_arguments", "run"]
