"""The way out: what the guard lets through, and what nobody can talk it into."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from typing import Any

import pytest

from facetell.errors import UsageError
from facetell.web.outbound.addresses import Address, is_public
from facetell.web.outbound.client import Client, Refused, Unreachable
from facetell.web.outbound.targets import BadAddress, Place, Target, read_places
from tests.web.receiver import HERE, HOST, Receiver, answer, receiving

PUBLIC = ip_address("93.184.216.34")
INSIDE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1"),
    *("100.64.0.1", "100.100.100.200", "169.254.169.254", "168.63.129.16", "192.0.0.192"),
    *("198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
    *(
        "::",
        "::1",
        "3fff::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
    ),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::"),
    *("2001:0:4136:e378:8000:63bf:3fff:fdd2", "100::1", "fe80::1%1"),
]


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def ask(client: Client, address: str, content: bytes | None = None) -> tuple[int, bytes]:
    with client.request("POST", Target.read(address), {"X-A": "b"}, content) as got:
        return got.status, b"".join(got.chunks)


@pytest.mark.parametrize("text", INSIDE)
def test_no_inner_address_is_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize(
    "text", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_of_the_internet_are(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", INSIDE)
def test_a_name_that_leads_inside_is_refused_in_earnest(text: str) -> None:
    """Nothing is changed but what DNS answers: the predicate is the one of every server."""
    client = Client(read_places("X", [HOST]), 1.0, 1.0, resolve=lambda *_: [ip_address(text)])
    with pytest.raises(Refused, match=f"{HOST} leads to an address that is not public"):
        ask(client, f"https://{HOST}/")


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "0x7f000001", "127.1", "localhost"])
def test_a_number_in_a_names_clothes_leads_inside(host: str) -> None:
    """Even where somebody allowed it, the system reads it as 127.0.0.1."""
    place = Place("http", host, 80)
    client = Client(frozenset({place}), 1.0, 1.0)
    try:
        socket.getaddrinfo(host, 80)
    except OSError:
        pytest.skip("this system does not read such numbers")
    with pytest.raises(Refused, match="not public"):
        ask(client, f"http://{host}/")


def test_one_inner_address_among_good_ones_is_refused() -> None:
    client = Client(read_places("X", [HOST]), 1.0, 1.0, resolve=lambda *_: [PUBLIC, HERE])
    with pytest.raises(Refused):
        ask(client, f"https://{HOST}/")


def test_it_asks_once_and_connects_to_what_was_checked(server: Receiver) -> None:
    """DNS rebinding: the second answer would lead inside; nobody asks for it."""
    told: list[Address] = []

    def rebinding(host: str, port: int) -> list[Address]:
        told.append(ip_address("10.0.0.1") if told else HERE)
        return told[-1:]

    assert ask(server.client(resolve=rebinding), server.address("/a?b=c"), b"body")[0] == 204
    assert told == [HERE]
    [got] = server.requests
    assert (got.method, got.path, got.body) == ("POST", "/a?b=c", b"body")
    assert got.headers["host"] == f"{HOST}:{server.place.port}"
    assert got.headers["x-a"] == "b"


def test_it_tries_the_next_address_where_one_is_dead(server: Receiver) -> None:
    dead = ip_address("127.0.0.2")  # nobody listens there
    client = server.client(resolve=lambda *_: [dead, HERE], may_reach={dead, HERE}.__contains__)
    assert ask(client, server.address())[0] == 204


@pytest.mark.parametrize(
    "address",
    [
        *("https://other.test/", "https://hooks.test:444/", "http://hooks.test/"),
        *("https://sub.hooks.test/", "https://hooks.test.evil.test/", "https://xhooks.test/"),
    ],
)
def test_other_places_are_refused(address: str) -> None:
    with pytest.raises(Refused, match="none of the places"):
        ask(Client(read_places("X", [HOST]), 1.0, 1.0), address)


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://hooks.test/", "file:///etc/passwd", "//hooks.test/", "hooks.test", ""),
        *("https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https:///"),
        *("https://hooks.test@10.0.0.1/", "https://a:b@hooks.test/", "https://hooks.test\\@evil/"),
        *("https://hooks.test/\r\nX: y", "https://hooks.test/a b", "https://hooks.test:99999/"),
        *("https://hööks.test/", "https://hooks..test/", "https://[bad/", "https://hooks.test:0/"),
        *(
            "https://hooks.test/" + 2000 * "a",
            "https://hooks.test/" + 400 * "語",
            "gopher://hooks.test/",
            "https://ho%6fks.test/",
        ),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        Target.read(address)


def test_it_reads_addresses_as_they_are_meant() -> None:
    assert str(Target.read("HTTPS://Hooks.Test.:443")) == "https://hooks.test/"
    assert str(Target.read("https://hooks.test/ä%20b?q=ü#part")) == (
        "https://hooks.test/%C3%A4%20b?q=%C3%BC"
    )


def test_it_reads_an_operators_list() -> None:
    found = read_places("X", ["Hooks.test", "a.test:8443", "http://b.test"])
    assert sorted(map(str, found)) == ["http://b.test", "https://a.test:8443", "https://hooks.test"]
    assert read_places("X", []) == frozenset()
    for word in ("*", "10.0.0.1", "a.test/path", "ftp://a.test", "*.a.test"):
        with pytest.raises(UsageError, match="FACETELL_X has"):
            read_places("FACETELL_X", [word])


def test_a_certificate_of_nobodys_is_refused(server: Receiver) -> None:
    with receiving() as other, pytest.raises(Unreachable, match="no valid certificate"):
        ask(server.client(tls=other.tls), server.address())
    assert not server.requests


def test_a_certificate_of_another_name_is_refused(server: Receiver) -> None:
    place = Place("https", "other.test", server.place.port)
    client = server.client(allowed=frozenset({place}))
    with pytest.raises(Unreachable, match="no valid certificate"):
        ask(client, f"{place}/")


def test_it_follows_nothing(server: Receiver) -> None:
    server.respond = answer(302, Location="http://169.254.169.254/latest/meta-data/")
    assert ask(server.client(), server.address())[0] == 302
    assert len(server.requests) == 1


def test_it_unpacks_nothing(server: Receiver) -> None:
    server.respond = answer(200, b"bomb", Content_Encoding="gzip")
    assert ask(server.client(), server.address()) == (200, b"bomb")


def test_proxies_of_the_environment_are_not_asked(
    server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(server.client(), server.address())[0] == 204


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def _drip_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    _drip(handler)


@pytest.mark.parametrize("respond", [_drip, _drip_headers])
def test_bytes_that_drip_are_cut(server: Receiver, respond: Any) -> None:
    server.respond = respond
    began_s = time.monotonic()
    with pytest.raises(Unreachable, match="too slow"):
        ask(server.client(whole_s=0.4), server.address())
    assert time.monotonic() - began_s < 2.0


def test_a_handshake_that_never_ends_is_cut() -> None:
    with socket.create_server((str(HERE), 0)) as silent:
        place = Place("https", HOST, silent.getsockname()[1])
        allowed = frozenset({place})
        client = Client(allowed, 5.0, 0.3, lambda _: True, lambda *_: [HERE])
        with pytest.raises(Unreachable):
            ask(client, f"{place}/")


def test_silence_is_cut(server: Receiver) -> None:
    server.respond = lambda _: time.sleep(0.6)
    with pytest.raises(Unreachable, match="too slow"):
        ask(server.client(step_s=0.2), server.address())


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-OpenSSH\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"]
)
def test_what_is_no_whole_answer_is_no_answer(server: Receiver, said: bytes) -> None:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(said)

    server.respond = respond
    with pytest.raises(Unreachable, match="broke off"):
        ask(server.client(), server.address())


def test_a_name_without_an_address_and_a_closed_port(server: Receiver) -> None:
    def unknown(*_: object) -> list[Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(Unreachable, match="has no address"):
        ask(server.client(resolve=unknown), server.address())
    closed = server.client(resolve=lambda *_: [ip_address("127.0.0.2")], may_reach=lambda _: True)
    with pytest.raises(Unreachable, match="cannot be reached"):
        ask(closed, server.address())


def test_the_tests_own_authority_is_none_of_the_systems(server: Receiver) -> None:
    """What production believes: the system's and certifi's, so not this one."""
    with pytest.raises(Unreachable, match="no valid certificate"):
        ask(server.client(tls=None), server.address())
