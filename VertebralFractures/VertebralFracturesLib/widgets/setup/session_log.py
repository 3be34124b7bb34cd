"""What the module did in this session, as text that can be copied into a problem report."""

import logging
from collections import deque
from collections.abc import Callable

LOGGER = logging.getLogger("VertebralFractures")
"""What the panel does is told to this logger, without names of volumes or patients."""

_MOST_LINES = 1000
"""Lines that are kept; chosen: a day of reading writes fewer."""


class SessionLog(logging.Handler):
    """Keeps the last messages of :data:`LOGGER`, tracebacks included.

    :param changed: called with each message.
    """

    def __init__(self, changed: Callable[[str], None]) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._changed = changed
        LOGGER.setLevel(logging.INFO)
        LOGGER.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message; called by Python's logging."""
        text = self.format(record)
        self._lines.extend(text.splitlines())
        self._changed(text)

    @property
    def text(self) -> str:
        """All messages that are kept, one or more lines each."""
        return "\n".join(self._lines)

    def close(self) -> None:
        """Listen no longer."""
        LOGGER.removeHandler(self)
        super().close()
