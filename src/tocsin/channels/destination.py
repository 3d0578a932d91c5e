"""Where an address that somebody else chose really leads, and that a request goes there and nowhere else.

The name is resolved, every address it stands for is judged, and the connection is made to one of those very addresses:
a name that means something else a moment later leads nobody astray (OWASP, Server Side Request Forgery Prevention).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from yarl import URL

from tocsin.channels.links import web_address
from tocsin.channels.transport import Addresses, UnreachableError, system_addresses
from tocsin.core.destination import LONGEST, is_usual, shut_out
from tocsin.core.networks import Network
from tocsin.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Destination:
    """One address with the networks that the operator vouches for: only these may be private, and only towards these
    are other ports and plain `http` allowed. `resolve` says what its name stands for.
    """

    url: URL = field(repr=False)  # it may carry a secret
    vouched: tuple[Network, ...] = ()
    resolve: Addresses = system_addresses

    @classmethod
    def of(
        cls, written: Secret, vouched: Sequence[Network] = (), resolve: Addresses = system_addresses
    ) -> "Destination":
        """Raises ValueError, with a text that does not repeat the address: it may carry a secret."""
        address = web_address(written.reveal(), LONGEST)
        if address is None:
            raise ValueError("an address is written https://host/path, with no user before the host")
        destination = cls(URL(address, encoded=True).with_fragment(None), tuple(vouched), resolve)
        if not (destination.usual or vouched):
            raise ValueError("outside of allow_networks only https is spoken, to port 443 or 8443")
        return destination

    @property
    def usual(self) -> bool:
        return is_usual(self.url.scheme, self.url.port)

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Those to try, in order. All were judged: one that is not allowed spoils the rest. Raises UnreachableError."""
        try:
            judged = [ip_address(address) for address in await self.resolve(host, port)]
        except (OSError, ValueError) as error:
            raise UnreachableError(f"the name was not resolved ({type(error).__name__})") from error
        if not judged:
            raise UnreachableError("the name stands for no address")
        if shut := shut_out(judged, self.vouched, usual=self.usual):
            raise UnreachableError(f"{shut} is not called: allow_networks does not vouch for it")
        return [str(address) for address in judged]
