"""Addresses and the networks that an operator named."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Peer = tuple[str, int]
"""An address as text, and a port."""


def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Raises ValueError for what is neither an address nor a network."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def within(peer: Peer | None, ranges: tuple[Network, ...]) -> bool:
    address = address_of(peer[0]) if peer else None
    return address is not None and any(address in network for network in ranges)


def behind(peer: Peer, forwarded_for: str, proxies: tuple[Network, ...]) -> Peer:
    """The last address of `X-Forwarded-For` that no trusted proxy put there; everything before it may be made up."""
    hops = [hop.strip() for hop in forwarded_for.split(",")]
    while hops and within(peer, proxies):
        peer = (hops.pop(), 0)
    return peer


def address_of(text: str) -> Address | None:
    """IPv4 in the clothes of IPv6 is IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped: Address | None = getattr(address, "ipv4_mapped", None)
    return mapped or address
