"""A server of the tests' own, called for real: http or TLS on this machine.

The guard is not weakened for it: each test hands the client what in earnest DNS and the routing of
the Internet give, an address for the name and leave to reach this one.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import trustme

from facetell.web.outbound.addresses import Address
from facetell.web.outbound.client import Client
from facetell.web.outbound.targets import Place

HOST = "hooks.test"
HERE = ip_address("127.0.0.1")
Respond = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """What came, and what is answered.

    Attributes:
        respond: writes each answer; by default 204.
    """

    def __init__(self, scheme: str, authority: trustme.CA) -> None:
        self.requests: list[Received] = []
        self.respond: Respond = answer(204)
        self._server = ThreadingHTTPServer((str(HERE), 0), self._handler())
        self._server.daemon_threads = True
        self.tls = ssl.create_default_context()
        authority.configure_trust(self.tls)
        if scheme == "https":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(HOST).configure_cert(context)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.place = Place(scheme, HOST, self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def address(self, path: str = "/") -> str:
        return f"{self.place}{path}"

    def client(self, **changes: Any) -> Client:
        """A client for whom the name leads here, and that may reach this address alone."""
        settings: dict[str, Any] = {
            "allowed": frozenset({self.place}),
            "step_s": 2.0,
            "whole_s": 5.0,
            "may_reach": lambda address: address == HERE,
            "resolve": lambda host, port: [HERE],
            "tls": self.tls,
        }
        return Client(**(settings | changes))

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(length)
                receiver.requests.append(Received(self.command, self.path, headers, body))
                receiver.respond(self)

            do_POST = do_GET  # noqa: N815 (http.server's)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's)
                pass

            def handle(self) -> None:
                with suppress(OSError):  # the client has had enough
                    super().handle()

        return Handler


@contextmanager
def receiving(scheme: str = "https") -> Iterator[Receiver]:
    receiver = Receiver(scheme, trustme.CA())
    try:
        yield receiver
    finally:
        receiver.close()


def answer(status: int, body: bytes = b"", **headers: str) -> Respond:
    """Answer so, with the length of the body."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return respond


def names(**found: str) -> Callable[[str, int], list[Address]]:
    """Return a resolver that knows these names, with dots as underscores."""

    def resolve(host: str, port: int) -> list[Address]:
        return [ip_address(text) for text in found[host.replace(".", "_")].split()]

    return resolve
