"""Addresses that strangers write, and the list of places that an operator allows.

An address is taken apart here once and never again: what was checked is what is called, and no
second parser can read it otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from facetell.errors import UsageError
from facetell.wording import Sentence

LONGEST = 2000
"""Characters of an address; what servers and browsers agree on."""
_PORTS = {"https": 443, "http": 80}
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_AS_THEY_ARE = "/%:@!$&'()*+,;=~-._"


class BadAddress(ValueError):
    """What somebody wrote is no address that can be called; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A server: scheme, host name in lower case, and port."""

    scheme: str
    host: str
    port: int

    @property
    def host_header(self) -> str:
        """Host, with the port where it is not the scheme's own."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host_header}"


@dataclass(frozen=True, slots=True)
class Target:
    """A place and what is asked of it.

    Attributes:
        place: where.
        path: path and query, percent-encoded ASCII.
    """

    place: Place
    path: str

    @classmethod
    def read(cls, address: str) -> Target:
        """Take an address apart.

        Raises:
            BadAddress: it is none, or holds what an address of ours never needs.
        """
        if len(address) > LONGEST:
            raise BadAddress(Sentence("the address has more than {most} characters", most=LONGEST))
        if any(c.isspace() or not c.isprintable() or c == "\\" for c in address):
            raise BadAddress(Sentence("the address has blanks, control characters or backslashes"))
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError as error:
            raise BadAddress(Sentence("no address: {reason}", reason=error)) from None
        if "@" in parts.netloc:
            raise BadAddress(Sentence("the address has a user name or a password; leave them out"))
        place = _place(parts.scheme.lower(), parts.hostname or "", port)
        path = quote(parts.path or "/", safe=_AS_THEY_ARE)
        query = quote(parts.query, safe=_AS_THEY_ARE + "?")
        target = cls(place, f"{path}?{query}" if query else path)
        if len(str(target)) > LONGEST:  # a letter beyond ASCII became up to twelve
            raise BadAddress(Sentence("the address has more than {most} characters", most=LONGEST))
        return target

    def __str__(self) -> str:
        return f"{self.place}{self.path}"

    def require(self, allowed: Collection[Place]) -> None:
        """Check that its place is allowed.

        Raises:
            BadAddress: it is not.
        """
        if self.place not in allowed:
            raise BadAddress(
                Sentence(
                    "{place} is none of the places that this server may call", place=self.place
                )
            )


def read_places(variable: str, words: Collection[str]) -> frozenset[Place]:
    """Read an operator's list: `host` is https at 443, `host:8443` https there.

    `http://host` says that plain http is meant, by which anybody on the way reads along.

    Raises:
        UsageError: a word is no place; the message names the variable.
    """
    return frozenset(_allowed(variable, word) for word in words)


def _allowed(variable: str, word: str) -> Place:
    try:
        target = Target.read(word if "://" in word else f"https://{word}")
    except BadAddress as error:
        raise UsageError(f"{variable} has {word!r}: {error}") from None
    if target.path != "/":
        raise UsageError(f"{variable} has {word!r}: leave the path out; hosts are allowed whole")
    return target.place


def _place(scheme: str, host: str, port: int | None) -> Place:
    if scheme not in _PORTS:
        raise BadAddress(Sentence("the address must begin with https://"))
    host = host.lower().removesuffix(".")
    try:
        ip_address(host)
    except ValueError:
        pass
    else:
        raise BadAddress(Sentence("the address names a host by its number; give its name"))
    if not _HOST.fullmatch(host):
        raise BadAddress(
            Sentence("the address has no host name in plain letters (xn--… for others)")
        )
    if port == 0:
        raise BadAddress(Sentence("the address names port 0"))
    return Place(scheme, host, port or _PORTS[scheme])
