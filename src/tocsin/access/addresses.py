"""The address that a request comes from, behind whatever stands between; its forms are those that proxies write."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from tocsin.core.networks import Address, networks, within

# `192.0.2.1:4711` (Azure's gateways, IIS) and `[2001:db8::1]:4711`, with or without the port.
_WITH_PORT = re.compile(r"(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?")


class Proxies:
    """Proxies whose word counts, by their addresses or networks. Raises ValueError for what is neither."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = networks(trusted)

    def client(self, peer: str, forwarded_for: str) -> str:
        """The last address of `X-Forwarded-For` that no trusted proxy put there; what stands before it may be made up.

        `peer` is the other end of the connection. An entry that is no address (`unknown`, a name) says nothing, and
        the trusted proxy that passed it on answers for it.
        """
        address = address_of(peer)
        hops = forwarded_for.split(",") if forwarded_for else []
        while hops and address is not None and within(address, self._trusted):
            hop = forwarded_address(hops.pop())
            if hop is None:
                break
            address = hop
        return peer if address is None else str(address)


def forwarded_address(entry: str) -> Address | None:
    """The address in one entry: with a port, in brackets, in quotes (RFC 7239, section 6), or bare."""
    written = entry.strip(' \t"')
    found = _WITH_PORT.fullmatch(written)
    return address_of((found[1] or found[2]) if found else written)


@lru_cache(maxsize=1024)  # most requests come from a few machines, over connections that are kept
def address_of(text: str) -> Address | None:
    """IPv4 in the clothes of IPv6 is IPv4; the zone of a link-local address (`%eth0`) names no other machine."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))
    return address
