"""The log of a session."""

from VertebralFracturesLib.widgets.setup.session_log import LOGGER, SessionLog


def test_messages_and_tracebacks_are_kept_and_told_until_it_is_closed() -> None:
    told: list[str] = []
    log = SessionLog(told.append)
    LOGGER.info("Analysis of %s", "a volume")
    try:
        raise OSError("no space")
    except OSError as error:
        LOGGER.error("The analysis failed", exc_info=error)
    assert len(told) == 2
    assert "INFO Analysis of a volume" in log.text
    assert "Traceback" in log.text
    assert log.text.endswith("OSError: no space")
    for place in range(2000):
        LOGGER.info("line %d", place)
    assert len(log.text.splitlines()) == 1000
    assert log.text.endswith("line 1999")
    log.close()
    LOGGER.info("after")
    assert not log.text.endswith("after")
