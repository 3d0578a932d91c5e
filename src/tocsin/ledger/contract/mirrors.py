"""The ledger as what mirrors follow: what is new for each, until it was taken."""

from collections.abc import Sequence
from typing import Protocol

from tocsin.core.mirror import Entry, MirrorStanding


class Mirrors(Protocol):
    """Each mirror has a name, and a place of its own in the stream: what fails or rests keeps no other waiting, and
    goes on where it was. One that is new begins with what comes from then on.
    """

    async def plan(self, mirror: str, most: int, *, afterwards: bool) -> int:
        """Write down what is new for the mirror since the last look, `most` entries of each kind, and count it.

        `afterwards`: it also wants what is learned of an alert once its deliveries have ended.
        """
        ...

    async def due(self, mirror: str, most: int, *, by_alert: bool) -> Sequence[Entry]:
        """Read the oldest entries that wait, in their order. `by_alert`: of so many alerts, each once, with its newest
        entry.
        """
        ...

    async def taken(self, mirror: str, entries: Sequence[Entry], *, by_alert: bool) -> None:
        """Forget entries that the mirror has taken; `by_alert`: with the older ones of their alerts."""
        ...

    async def called(self, mirror: str) -> None:
        """Count a request that is about to leave, in the month of that moment."""
        ...

    async def standing(self, mirror: str) -> MirrorStanding:
        """Tell how far the mirror is."""
        ...
