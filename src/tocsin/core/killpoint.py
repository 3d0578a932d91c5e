"""A kill point is a named place at which a crash test ends the process, as a power cut would: nothing is flushed,
nobody is told.

`TOCSIN_KILL_AT=attempt_committed:3` ends it when that place is passed for the third time. Without the variable a place
costs one call of an empty function.
"""

import itertools
import os
from collections.abc import Callable
from enum import StrEnum

STATUS = 137  # what a shell reports of a process that was killed by SIGKILL


class Point(StrEnum):
    """The kill points: the steps of one alert, in their order, and two of the upkeep."""

    PARSED = "parsed"
    DEDUP_CHECKED = "dedup_checked"  # decided; nothing of it is written
    LEDGER_COMMITTED = "ledger_committed"  # on disk; its sender has no answer
    ANSWERED = "answered"  # the 202 is on its way to the sender
    ATTEMPT_COMMITTED = "attempt_committed"  # claimed; nothing has left
    CONNECTED = "connected"  # a connection to the provider stands; no byte has left
    REQUEST_WRITTEN = "request_written"  # the provider begins to answer
    RESPONSE_READ = "response_read"  # we know what became of it; the ledger does not
    OUTCOME_COMMITTED = "outcome_committed"
    RETENTION_DELETED = "retention_deleted"  # old rows are deleted, and that is not committed
    MIGRATION_STEP = "migration_step"  # the schema has changed, and that is not committed


def armed(wish: str | None, end: Callable[[int], object] = os._exit) -> Callable[[Point], None]:
    """Make the function that kills at the point that is wished for: `point` or `point:n`. Raises ValueError for a point
    that does not exist.
    """
    if not wish:
        return _go_on
    name, _, times = wish.partition(":")
    deadly, passings = Point(name), itertools.count(1)
    last = int(times or 1)

    def kill_point(point: Point) -> None:
        if point is deadly and next(passings) == last:
            end(STATUS)

    return kill_point


def _go_on(_: Point) -> None:
    """Nobody wants to see the process die."""


kill_point = armed(os.environ.get("TOCSIN_KILL_AT"))
