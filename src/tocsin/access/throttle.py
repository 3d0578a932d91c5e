"""Makes addresses wait that have shown too many wrong tokens, so that nobody can guess his way in."""

from ipaddress import IPv6Address
from typing import Any

from tocsin.access.addresses import address_of
from tocsin.core.clock import Clock

FREE = 20  # wrong tokens that an address may show in a row
EVERY_S = 3.0  # and one more each time that this has passed
MOST = 10_000  # addresses that are remembered; those of long ago are forgotten first


class Throttle:
    """One address is one IPv4 address or one IPv6 network of 64 bits: as much as a household gets.

    A token that was good from an address stays good there while others guess.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._owes_until: dict[str, float] = {}
        self._known: dict[tuple[str, str], None] = {}

    def wait(self, address: str) -> float:
        """Seconds until a token from there is looked at again; 0 where it is now."""
        if not self._owes_until:
            return 0.0
        owed = self._owes_until.get(household(address), 0.0) - self._clock.monotonic()
        return max(0.0, owed - (FREE - 1) * EVERY_S)

    def note_wrong(self, address: str) -> None:
        home, now = household(address), self._clock.monotonic()
        owed = max(self._owes_until.pop(home, now), now)
        self._owes_until[home] = owed + EVERY_S
        _forget_oldest(self._owes_until)

    def note_right(self, address: str, token_id: str) -> None:
        self._known[address, token_id] = None
        _forget_oldest(self._known)

    def knows(self, address: str, token_id: str) -> bool:
        """The token was good from there before."""
        return (address, token_id) in self._known


def household(address: str) -> str:
    """What one household shares: an IPv4 address, or an IPv6 network of 64 bits."""
    parsed = address_of(address) or address
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else str(parsed)


def _forget_oldest(remembered: dict[Any, Any]) -> None:
    if len(remembered) > MOST:
        del remembered[next(iter(remembered))]
