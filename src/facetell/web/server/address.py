"""Where the server listens, and under which names it may be reached."""

from __future__ import annotations

import contextlib
import errno
import socket

from facetell.errors import UsageError

LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


def free_port(host: str, port: int) -> int:
    """Return the port if it is free; for 0 one that is.

    Raises:
        UsageError: it is in use or not to be had, or the host is none of this machine.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # as the server does, or a port that was in use a minute ago looks taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            taken: int = probe.getsockname()[1]
            return taken
    except OSError as error:
        raise UsageError(_what_to_do(host, port, error)) from error


def names(host: str) -> list[str]:
    """Return the names in addresses that this server answers to, as ALLOWED_HOSTS wants them.

    A server that listens everywhere answers to this machine's names and addresses, and not to
    any: a stranger's page must not reach it under a name that the stranger controls.
    """
    given = [] if is_anywhere(host) else [_bracketed(host)]
    own = _own_names() if is_anywhere(host) else []
    return list(dict.fromkeys([*LOCAL_NAMES, *given, *own]))


def is_anywhere(host: str) -> bool:
    """Whether a host means every address of this machine."""
    return host in {"", "0.0.0.0", "::"}  # noqa: S104 - compared, not bound # nosec B104


def shown(host: str, port: int) -> str:
    """Return the address that a person opens.

    >>> shown("0.0.0.0", 8000), shown("::1", 80)
    ('http://127.0.0.1:8000', 'http://[::1]:80')
    """
    return f"http://{'127.0.0.1' if is_anywhere(host) else _bracketed(host)}:{port}"


def _own_names() -> list[str]:
    name = socket.gethostname().lower()
    found = [name, f"{name}.local", socket.getfqdn().lower()]
    with contextlib.suppress(OSError):  # a machine that cannot look itself up
        found += [str(entry[4][0]) for entry in socket.getaddrinfo(name, None)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        try:
            # nothing is sent: this only asks which of our addresses would be taken (TEST-NET-1)
            outward.connect(("192.0.2.1", 9))
            found.append(outward.getsockname()[0])
        except OSError:  # no network
            pass
    return [_bracketed(one.partition("%")[0]) for one in found]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _what_to_do(host: str, port: int, error: OSError) -> str:
    where = f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use: stop what uses it, or give another, such as --port {port + 1}"
    if error.errno == errno.EACCES:
        return f"{where} is not allowed: give --port 1024 or more, with a proxy in front for 80"
    if isinstance(error, socket.gaierror):
        return f"--host {host}: no such name ({error.strerror})"
    return f"{where}: {error.strerror}; give --host an address of this machine"
