"""Places for connections: each takes a file descriptor, of which the rest of the service needs some as well."""

import resource
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Protocol

RESERVE = 64  # file descriptors, or an eighth of a small limit, that newcomers leave to the ledger and the ways out


class Guest(Protocol):
    """Whoever has a place, or keeps somebody else in one."""

    @property
    def waits_since(self) -> float | None:
        """When (monotonic seconds) we began to wait for this client; None while it waits for us, or may stay."""
        ...

    def give_way(self) -> None: ...


class Places:
    """`connections` have one each; `newcomers` keep one of those, and nobody has vouched for them yet."""

    def __init__(self, connections: Callable[[], Collection[Guest]], newcomers: Callable[[], Iterable[Guest]]) -> None:
        self._connections = connections
        self._newcomers = newcomers
        self._others = 0  # descriptors of everything else, when last counted
        self._counted = -RESERVE  # connections there were then
        self._waiting: set[Guest] = set()  # at the last look

    def short(self, *, twice: bool = False) -> bool:
        """Whether the reserve is touched; `twice`: whether it is not yet full again, with as much beyond it."""
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        reserve = min(RESERVE, limit // 8)
        taken = len(self._connections())
        if taken < limit // 4:
            return False
        if abs(taken - self._counted) * 4 >= reserve:
            self._count()
        return limit - taken - self._others < reserve * (2 if twice else 1)

    def make_room(self) -> None:
        """Close connections: who only waits for his client gives way, the longest first; not whoever has come in since
        the last look, who had no chance yet to say what he wants.
        """
        guests = (*self._connections(), *self._newcomers())
        waiting = {guest: since for guest in guests if (since := guest.waits_since) is not None}
        for guest in sorted(self._waiting & waiting.keys(), key=waiting.__getitem__)[:RESERVE]:
            guest.give_way()
        self._waiting = set(waiting)
        self._count()

    def _count(self) -> None:
        """Costs what there is, so it is not done for every newcomer."""
        self._counted = len(self._connections())
        self._others = sum(1 for _ in Path("/dev/fd").iterdir()) - self._counted
