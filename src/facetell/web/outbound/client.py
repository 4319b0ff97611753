"""Requests that reach public addresses of allowed places, and nothing else.

httpcore is httpx without what would have to be switched off here: it follows no redirects, reads no
proxy from the environment, unpacks nothing, and lets one say how to connect.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Self

import httpcore

from facetell.web.outbound.addresses import Address, is_public
from facetell.web.outbound.targets import BadAddress, Place, Target
from facetell.wording import Sentence, said

MOST_ADDRESSES = 4
"""Of a name with more, no others are tried."""
Resolve = Callable[[str, int], Sequence[Address]]


class Unreachable(Exception):
    """There is no answer: nobody there, too slow, no valid certificate, or it broke off."""


class Refused(Unreachable):
    """The guard does not let the request go out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said.

    Attributes:
        status: of HTTP.
        headers: names in lower case.
        chunks: the body as it comes, once.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


def resolve(host: str, port: int) -> list[Address]:
    """Return all addresses of a name, as the system tells them.

    Raises:
        OSError: there is none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(where[0]) for *_, where in found))


@dataclass(frozen=True, slots=True)
class Client:
    """How requests go out.

    Attributes:
        allowed: the places that may be called.
        step_s: longest wait for a connection, or for the next bytes.
        whole_s: longest that a connection lives.
        may_reach: which addresses are fit; the names of allowed places may lead to no other.
        resolve: name and port → all addresses.
        tls: whose certificates are believed; by default the system's and certifi's.
    """

    allowed: frozenset[Place]
    step_s: float
    whole_s: float
    may_reach: Callable[[Address], bool] = is_public
    resolve: Resolve = resolve
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @contextmanager
    def request(
        self, method: str, target: Target, headers: Mapping[str, str], content: bytes | None = None
    ) -> Iterator[Answer]:
        """Send a request; the answer's body can be read until the block ends.

        Raises:
            Refused: the place is not allowed, or its name leads to an address that is not public.
            Unreachable: there is no whole answer, here or while the body is read.
        """
        try:
            target.require(self.allowed)
        except BadAddress as error:
            raise Refused(said(error)) from None
        sent: list[tuple[bytes | str, bytes | str]] = [("Host", target.place.host_header)]
        sent += headers.items()
        if content is not None:
            sent.append(("Content-Length", str(len(content))))
        with (
            _Backend(self) as backend,
            _explained(target.place.host, backend),
            httpcore.ConnectionPool(self.tls, network_backend=backend) as pool,
        ):
            response = pool.handle_request(
                httpcore.Request(
                    method,
                    _url(target),
                    headers=sent,
                    content=content,
                    extensions={"timeout": dict.fromkeys(_STEPS, self.step_s)},
                )
            )
            try:
                yield Answer(response.status, _headers(response), _body(response, backend))
            finally:
                response.close()


_STEPS = ("connect", "read", "write", "pool")


def _url(target: Target) -> httpcore.URL:
    """The parts as they were checked: httpcore has nothing to take apart."""
    place = target.place
    return httpcore.URL(
        scheme=place.scheme.encode(),
        host=place.host.encode(),
        port=place.port,
        target=target.path.encode(),
    )


def _headers(response: httpcore.Response) -> dict[str, str]:
    return {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers}


def _body(response: httpcore.Response, backend: _Backend) -> Iterator[bytes]:
    yield from response.iter_stream()
    if backend.is_overdue:  # where no length was told, a cut looks like the end
        raise httpcore.ReadTimeout("the connection was cut")


@contextmanager
def _explained(host: str, backend: _Backend) -> Iterator[None]:
    """Say in our words why there is no answer, never in those of a stranger's server."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise Unreachable(Sentence("{host} is too slow", host=host)) from error
    except httpcore.ConnectError as error:
        if _is_of_tls(error):
            raise Unreachable(Sentence("{host} has no valid certificate", host=host)) from error
        raise Unreachable(Sentence("{host} cannot be reached", host=host)) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        if backend.is_overdue:
            raise Unreachable(Sentence("{host} is too slow", host=host)) from error
        broken = Sentence("{host} broke off, or does not speak HTTP", host=host)
        raise Unreachable(broken) from error


def _is_of_tls(error: BaseException) -> bool:
    return isinstance(error.__cause__ or error.__context__, ssl.SSLError)


class _Backend(httpcore.NetworkBackend):
    """Connects to an address that was checked, and cuts the connection when its time is over.

    httpcore's timeouts are for each step: a server that sends a byte now and then, be it in the
    handshake of TLS, would keep us for ever.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._plain = httpcore.SyncBackend()
        self._connection: socket.socket | None = None
        self._timer = threading.Timer(client.whole_s, self._cut)
        self._timer.daemon = True
        self.is_overdue = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._connection:
            self._connection.close()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        last: Exception = httpcore.ConnectError("the name has no address")
        for address in self._checked(host, port)[:MOST_ADDRESSES]:
            try:
                stream = self._plain.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
            else:
                # a handle of our own: TLS takes the socket itself away
                self._connection = stream.get_extra_info("socket").dup()
                self._timer.start()
                return stream
        raise last

    def _checked(self, host: str, port: int) -> Sequence[Address]:
        """Resolve once; one bad address among good ones spoils all."""
        try:
            found = self._client.resolve(host, port)
        except (OSError, ValueError) as error:
            raise Unreachable(Sentence("{host}: this name has no address", host=host)) from error
        if not all(map(self._client.may_reach, found)):
            raise Refused(Sentence("{host} leads to an address that is not public", host=host))
        return found

    def _cut(self) -> None:
        self.is_overdue = True
        if self._connection:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
