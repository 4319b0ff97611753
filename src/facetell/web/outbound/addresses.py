"""Which addresses are the public Internet's, and which are somebody's inside."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_UNICAST = IPv6Network("2000::/3")
"""All that IANA has given out of IPv6 for global unicast."""
_METADATA = frozenset({ip_address("168.63.129.16")})
"""Public by its number, and yet a cloud's inside: Azure's WireServer."""
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # RFC 6890; Python's is_global lets some through before 3.11.10
        "192.88.99.0/24",  # RFC 7526: anycast to whoever relays 6to4
        "3fff::/20",  # RFC 9637: for documentation; newer than some Pythons
    )
)


def is_public(address: Address) -> bool:
    """Whether an address is one of the public Internet.

    An IPv4 address in an IPv6 one's clothes (mapped, NAT64, 6to4) counts as what it is; tunnels
    whose other end cannot be told (Teredo) are refused.

    >>> [is_public(ip_address(text)) for text in ("93.184.216.34", "2606:4700::1111")]
    [True, True]
    >>> [is_public(ip_address(text)) for text in ("169.254.169.254", "::ffff:127.0.0.1")]
    [False, False]
    """
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(inner)
        if address not in _UNICAST or address.teredo is not None:
            return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and address not in _METADATA
        and not any(address in network for network in _SPECIAL)
    )


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
