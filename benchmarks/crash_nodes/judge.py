"""The logs compared: what monitors were told, what the ledger holds, what providers took, what sockets heard."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from benchmarks.crash.audit import Arrivals
from benchmarks.crash.books import Books
from benchmarks.crash_nodes.books import Doubt
from benchmarks.crash_nodes.listener import Listener
from benchmarks.crash_nodes.troubles import Happened

LEASE_S = 3  # for so long a node counts as alive after its last word
GUESSED = frozenset({"email"})  # where nobody can be asked, and nothing replaces or drops a repeat


@dataclass(frozen=True, slots=True)
class Recovery:
    """How long after a trouble began somebody else sent on a lane of the node that had it, or that node itself once it
    was over; after the database was back, anybody. None: not within the run.
    """

    happened: Happened
    lane: str
    seconds: float | None


def unheard(listeners: Sequence[Listener], published: Sequence[tuple[int, UUID, int]]) -> Iterator[str]:
    """Each socket has every alert of its interest once, and in order."""
    for number, listener in enumerate(listeners):
        due = [alert for _, alert, priority in published if matches(listener.interest, priority)]
        for problem in _compared(due, listener.heard):
            yield f"socket {number} ({listener.interest or 'everything'}): {problem}"
        if listener.refused:
            yield f"socket {number}: turned away with {listener.refused[0]} ({len(listener.refused)} times)"
        if listener.gaps:
            yield f"socket {number}: {listener.gaps} resumptions were not complete"


def matches(interest: Mapping[str, Any], priority: int) -> bool:
    """Whether alerts of that priority are of that interest, which names nothing else."""
    return priority >= interest.get("min_priority", 1)


def _compared(due: Sequence[UUID], heard: Sequence[UUID]) -> Iterator[str]:
    if due == heard:
        return
    times, wanted = Counter(heard), set(due)
    missing = [alert for alert in due if not times[alert]]
    twice = [alert for alert, count in times.items() if count > 1]
    strange = [alert for alert in heard if alert not in wanted]
    for word, alerts in (("missed", missing), ("heard twice", twice), ("heard what was not due", strange)):
        if alerts:
            yield f"{word} {len(alerts)} of {len(due)}, {alerts[0]} first"
    if not (missing or twice or strange):
        yield "heard them in another order"


def guessed(books: Books, arrived: Arrivals) -> Iterator[str]:
    """Where the provider can be asked, replaces or drops, nothing is repeated and nothing flagged."""
    for row in books.deliveries.values():
        if row.channel in GUESSED:
            continue
        if row.possibly_repeated or row.state == "possibly_sent":
            yield f"guessed: delivery {row.key} for {row.target} ended {row.state}, possibly repeated"
        if arrived[row.channel][row.key] > 1:
            yield f"repeated: delivery {row.key} arrived {arrived[row.channel][row.key]} times at {row.target}"


def doubtful(doubts: Iterable[Doubt], troubles: Sequence[Happened]) -> frozenset[int]:
    """The deliveries that were under way while a trouble lasted. A node that was cut off may learn so only when its
    lease has ended.
    """
    return frozenset(
        doubt.delivery
        for doubt in doubts
        if any(doubt.claimed <= one.over + LEASE_S and doubt.doubted >= one.begun for one in troubles)
    )


def recoveries(troubles: Iterable[Happened], attempts: Iterable[tuple[str, str | None, float]]) -> list[Recovery]:
    """`attempts` are lane, node and when each began, in that order."""
    begun: dict[str, list[tuple[float, str | None]]] = {}
    for lane, node, at in attempts:
        begun.setdefault(lane, []).append((at, node))
    return [
        Recovery(one, lane, _next(begun[lane], one)) for one in troubles for lane in sorted(one.lanes) if lane in begun
    ]


def _next(attempts: Sequence[tuple[float, str | None]], happened: Happened) -> float | None:
    for at, node in attempts:
        if at > happened.since and (node != happened.node or at > happened.over):
            return at - happened.since
    return None
