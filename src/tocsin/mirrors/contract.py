"""A mirror takes what it is told of alerts, and answers with one outcome for all of it.

It never raises for what its service did, and repeats nothing by itself. Whatever it is told may be told again: it must
come to the same.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from tocsin.core.mirror import Entry
from tocsin.core.outcome import Outcome


class Mirror(Protocol):
    """`by_alert`: it keeps one row of each alert, as it stands, and is told of each once however much happened;
    otherwise it is told everything in its order. It takes `at_once` entries in one request, with `rest` between two,
    and `calls_per_month` requests; None: as many as there are.
    """

    name: str
    by_alert: bool
    at_once: int
    rest: timedelta
    calls_per_month: int | None

    async def write(self, entries: Sequence[Entry]) -> Outcome:
        """Take the entries, all or none. `Deferred` where it surely took none, `Unknown` where nobody can say: it is
        told them again; `Refused` where it never will take them.
        """
        ...

    async def look(self) -> Sequence[str]:
        """Ask whether it could take anything, and say in words what is in the way; nothing is written."""
        ...

    async def close(self) -> None:
        """Give up its connections."""
        ...
