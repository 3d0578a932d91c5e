"""Networks tell which addresses belong to the whole Internet, and which only to somebody: to this machine, a house, a
cloud.

`ipaddress.is_global` is not enough: it calls tunnels into private networks public, and knows nothing of clouds.
"""

import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA IPv4 Special-Purpose Address Registry, multicast, and the one public address that leads into a cloud.
_PRIVATE_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # "this network"
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's host, as its guests see it
            "169.254.0.0/16",  # link-local; the metadata of most clouds
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocol assignments; Oracle's metadata
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
# Global unicast; of it these are special all the same (IANA IPv6 Special-Purpose Address Registry).
_PUBLIC_V6 = IPv6Network("2000::/3")
_PRIVATE_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: benchmarks, ORCHID
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
        ),
    )
)
# Where an IPv6 address only wraps an IPv4 one, in its last 32 bits.
_WRAPPERS = tuple(
    map(
        IPv6Network,
        (
            "::/96",  # IPv4-compatible
            "::ffff:0:0/96",  # IPv4-mapped
            "::ffff:0:0:0/96",  # IPv4-translated
            "64:ff9b::/96",  # NAT64
        ),
    )
)
_NUMBERS_ONLY = (IPv6Address("::"), IPv6Address("::1"))  # in the range of the compatible ones, and not of their kind

_DISCARD_PORT = 9


def closed(
    addresses: Iterable[Address], vouched: Sequence[Network], public: Callable[[Address], bool]
) -> Address | None:
    """Find the first of these addresses that nobody may be led to: neither `vouched` for nor `public`; None where all
    may.

    One that wraps or tunnels to others is judged by those.
    """
    for address in addresses:
        if not all(within(reached, vouched) or public(reached) for reached in _reached(address)):
            return address
    return None


def is_public(address: Address) -> bool:
    """Whether the whole Internet knows this address; one that wraps or tunnels to others is judged by those."""
    if isinstance(address, IPv4Address):
        return not within(address, _PRIVATE_V4)
    inner = _wrapped(address)
    if inner:
        return all(map(is_public, inner))
    return address in _PUBLIC_V6 and not within(address, _PRIVATE_V6)


def is_local_name(host: str) -> bool:
    """Whether a machine calls itself by this name: resolvers know such names, and ask nobody (RFC 6761,
    section 6.3).
    """
    return f".{host.lower()}".endswith(".localhost")


def within(address: Address, ranges: Sequence[Network]) -> bool:
    return any(address in network for network in ranges)


def is_own(address: Address) -> bool:
    """Whether the kernel would answer by itself: what is sent to an own address leaves from the same one.

    Nothing is sent: connecting a datagram socket only asks for the route.
    """
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), _DISCARD_PORT))
            return str(probe.getsockname()[0]) == str(address)
    except OSError:
        return False


def networks(written: Iterable[str]) -> tuple[Network, ...]:
    """Read networks as they are written. Raises ValueError for what is none."""
    return tuple(map(ip_network, written))


def _reached(address: Address) -> tuple[Address, ...]:
    return (_wrapped(address) if isinstance(address, IPv6Address) else ()) or (address,)


def _wrapped(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that a packet to this one ends at, or is handed on by."""
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    if address not in _NUMBERS_ONLY and within(address, _WRAPPERS):
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    return ()
