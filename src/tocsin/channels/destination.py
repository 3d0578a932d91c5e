"""Where an address that somebody else chose really leads, and that a request goes there and nowhere else.

The name is resolved, every address it stands for is judged, and the request goes to one of those very addresses: a
name that means something else a moment later leads nobody astray (OWASP, Server Side Request Forgery Prevention).
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from yarl import URL

from tocsin.channels.links import web_address
from tocsin.channels.networks import Address, Network, closed, is_own, is_public
from tocsin.channels.transport import Answer, Patience, Transport
from tocsin.core.outcome import Deferred, Delay, Unknown
from tocsin.core.secret import Secret

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Every address that a name stands for, in the order to try them. Raises OSError."""

PORTS = frozenset({443, 8443})  # where no network is vouched for

_LONGEST = 2000  # characters of an address
_MOST_TRIES = 3  # addresses of one name; one that does not answer must not cost the life of an alert


@dataclass(frozen=True, slots=True)
class Destination:
    """One address with the networks that the operator vouches for: only these may be private, and only towards these
    are other ports and plain `http` allowed.
    """

    url: URL = field(repr=False)  # it may carry a secret
    vouched: tuple[Network, ...] = ()

    @classmethod
    def of(cls, written: Secret, vouched: Sequence[Network] = ()) -> "Destination":
        """Raises ValueError, with a text that does not repeat the address: it may carry a secret."""
        address = web_address(written.reveal(), _LONGEST)
        if address is None:
            raise ValueError("an address is written https://host/path, with no user before the host")
        url = URL(address, encoded=True)
        destination = cls(url.with_fragment(None), tuple(vouched))
        if destination.unusual and not vouched:
            raise ValueError("outside of allow_networks only https is spoken, to port 443 or 8443")
        return destination

    @property
    def unusual(self) -> bool:
        """Spoken to in a way that is only for networks that somebody vouches for."""
        return self.url.scheme != "https" or self.url.port not in PORTS

    @property
    def host(self) -> str:
        """The name or address as the receiver knows it."""
        return self.url.raw_host or ""

    @property
    def host_header(self) -> str:
        return self.url.host_port_subcomponent or ""

    def at(self, address: str) -> Secret:
        """The same place, with the address that was judged instead of the name."""
        return Secret(str(self.url.with_host(address)))

    async def addresses(self, resolve: Resolve, patience: float) -> tuple[str, ...] | Deferred:
        """Those to try, in order: all were judged, and one that is not allowed spoils the rest."""
        try:
            async with asyncio.timeout(patience):
                found = await resolve(self.host, self.url.port or 0)
            judged = [ip_address(address) for address in found]
        except (OSError, UnicodeError, ValueError) as error:
            return Deferred(Delay.UNREACHABLE, detail=f"the name was not resolved ({type(error).__name__})")
        return self._judged(judged)

    def _judged(self, addresses: Sequence[Address]) -> tuple[str, ...] | Deferred:
        if not addresses:
            return Deferred(Delay.UNREACHABLE, detail="the name stands for no address")
        shut = closed(addresses, self.vouched, public=_open_to_none if self.unusual else _open_to_all)
        if shut:
            return Deferred(Delay.UNREACHABLE, detail=f"{shut} is not called: allow_networks does not vouch for it")
        return tuple(map(str, addresses))


def _open_to_all(address: Address) -> bool:
    return is_public(address) and not is_own(address)


def _open_to_none(_: Address) -> bool:
    return False


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """As any other program on this machine would; what is an address already needs no asking."""
    if _is_address(host):
        return [host]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def post(
    transport: Transport,
    destination: Destination,
    *,
    headers: Mapping[str, str],
    body: bytes,
    patience: Patience,
    resolve: Resolve = system_resolve,
) -> Answer | Deferred | Unknown:
    """One request. The next address of the name is only tried where no byte can have reached the one before."""
    addresses = await destination.addresses(resolve, patience.connect)
    if isinstance(addresses, Deferred):
        return addresses
    answer: Answer | Deferred | Unknown = Deferred(Delay.UNREACHABLE)
    for address in addresses[:_MOST_TRIES]:
        answer = await transport.request(
            "POST",
            destination.at(address),
            headers={**headers, "Host": destination.host_header},
            body=body,
            known_as=destination.host,
            patience=patience,
        )
        if not isinstance(answer, Deferred):
            break
    return answer
