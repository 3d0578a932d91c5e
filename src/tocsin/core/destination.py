"""Where requests of ours may go: one judgement, for the configuration before anybody is called and for sending."""

import socket
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from tocsin.core.networks import Address, Network, closed, is_local_name, is_own, is_public

PORTS = frozenset({443, 8443})  # where no network is vouched for
LONGEST = 2000  # characters of an address

_ITSELF = "127.0.0.1"


def is_usual(scheme: str, port: int | None) -> bool:
    """Whether it is spoken to as anybody may be; else somebody has to vouch for its network."""
    return scheme == "https" and port in PORTS | {None}


def shut_out(addresses: Iterable[Address], vouched: Sequence[Network], *, usual: bool) -> Address | None:
    """The first of these that nobody may be led to. None where all are vouched for or, of a usual destination, belong
    to the whole Internet.
    """
    return closed(addresses, vouched, public=_open_to_all if usual else _open_to_none)


def known_addresses(host: str) -> tuple[Address, ...]:
    """What a host stands for without anybody being asked: numbers in every form that resolvers take, and local names.
    Empty for every other name.
    """
    local = is_local_name(host)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=0 if local else socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return (ip_address(_ITSELF),) if local else ()
    return tuple(ip_address(place[0]) for *_, place in found)


def _open_to_all(address: Address) -> bool:
    return is_public(address) and not is_own(address)


def _open_to_none(_: Address) -> bool:
    return False
