"""A guard that refuses and remembers every internet socket that Python opens; addresses of this computer are allowed.

It does not see what libraries in C open by themselves; Testing/mrml/test_bundle.py has a server of its own for that.
"""

import ipaddress
import sys

attempts: list[str] = []
"""What was tried since the guard was asked last."""

_CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_RESOLVING = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


class InternetRefused(OSError):
    """A test, or what it tests, tried to reach the internet."""


def is_this_computer(host: object) -> bool:
    """Whether a host is this computer; names other than "localhost" are not looked up."""
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def _audit(event: str, arguments: tuple) -> None:
    if event in _CONNECTING:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # others are sockets in the file system
    elif event in _RESOLVING:
        host = arguments[0]
    else:
        return
    if not is_this_computer(host):
        attempts.append(f"{event} {host!r}")
        raise InternetRefused(f"the tests reach no network, but {event} was asked for {host!r}")


def install() -> None:
    """Watch this process from now on; an audit hook cannot be removed."""
    sys.addaudithook(_audit)
