"""The guard of the tests against internet sockets works; and no part of the library needs one."""

import socket
import urllib.error
import urllib.request

import pytest
from helpers import no_internet
from helpers.no_internet import InternetRefused, is_this_computer

ELSEWHERE = "192.0.2.1"
"""An address for documentation (RFC 5737), which belongs to nobody."""


def test_an_internet_socket_is_refused_and_remembered() -> None:
    with socket.socket() as one, pytest.raises(InternetRefused):
        one.connect((ELSEWHERE, 80))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, pytest.raises(InternetRefused):
        one.sendto(b"", (ELSEWHERE, 53))
    with pytest.raises(InternetRefused):
        socket.getaddrinfo("example.org", 80)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://{ELSEWHERE}/", timeout=1)
    assert len(no_internet.attempts) == 4
    no_internet.attempts.clear()


def test_this_computer_is_allowed() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        client.connect(server.getsockname())
    assert no_internet.attempts == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [(None, True), ("localhost", True), ("127.0.0.9", True), ("::1", True), (ELSEWHERE, False), ("example.org", False)],
)
def test_which_hosts_are_this_computer(host: str | None, expected: bool) -> None:
    assert is_this_computer(host) == expected
