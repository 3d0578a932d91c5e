"""Who may come in: which pages, from which address, and how often a socket may speak."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from tocsin.gateway.settings import GatewaySettings

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Visitor:
    """What an HTTP request says of who sends it: the other end of the connection, and three headers."""

    peer: str
    host: str = ""
    origin: str | None = None
    forwarded_for: str = ""


class Door:
    def __init__(self, settings: GatewaySettings) -> None:
        self._origins = frozenset(origin.rstrip("/").lower() for origin in settings.allowed_origins)
        self._hosts = frozenset(host.lower() for host in settings.hosts)
        self._proxies = tuple(ip_network(proxy, strict=False) for proxy in settings.trusted_proxies)

    def admits_page(self, visitor: Visitor) -> bool:
        """Browsers name the page that connects, and must not be lent to a foreign one (CSWSH).

        Whoever names none is no browser: the token decides alone.
        """
        if self._hosts and _bare(visitor.host) not in self._hosts:
            return False
        return visitor.origin is None or self.knows_origin(visitor.origin) or _same_origin(visitor)

    def knows_origin(self, origin: str) -> bool:
        """Whether this page of another origin may read our answers."""
        return origin.lower() in self._origins

    def address_of(self, visitor: Visitor) -> str:
        """The client's address: the last one that no trusted proxy added."""
        hops = [hop.strip() for hop in visitor.forwarded_for.split(",") if hop.strip()]
        address = visitor.peer
        while hops and _within(address, self._proxies):
            address = hops.pop()
        return address


def _same_origin(visitor: Visitor) -> bool:
    try:
        page = urlsplit(visitor.origin or "")
    except ValueError:
        return False
    port = _DEFAULT_PORTS.get(page.scheme)
    if port is None or page.path or page.query or page.fragment or "@" in page.netloc:
        return False
    return page.netloc.lower().removesuffix(port) == visitor.host.lower().removesuffix(port) != ""


def _bare(host: str) -> str:
    """A Host without its port; IPv6 keeps its brackets."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _within(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
