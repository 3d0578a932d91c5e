"""A channel is watched by the minute: what it sends, what holds it up, and while it is idle what its provider says."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.blank import blank

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Target
from tocsin.core.facts import Attempted
from tocsin.core.outcome import Delay, Doubt, Unknown
from tocsin.ledger.contract import Ledger
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.analytics.uptime import Uptime
from tocsin.pipeline.sending.lane import Lane, RateLimiter
from tocsin.rules.breaker import OPENS_AFTER
from tocsin.rules.catalog import Catalog
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.routing import RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BOARD = Target("board", "general")


@dataclass
class Board:
    name: str = "board"
    answers: bool | None = True
    asked: int = 0

    async def probe(self) -> bool | None:
        self.asked += 1
        return self.answers


@dataclass
class Watched:
    ledger: Ledger
    clock: ManualClock
    board: Board = field(default_factory=Board)
    lane: Lane = field(default_factory=lambda: a_lane("board"))

    def __post_init__(self) -> None:
        self.watch()

    def watch(self) -> None:
        self.uptime = Uptime(
            self.ledger.analytics,
            self.ledger.queue,
            {"board": self.lane},
            Active(_BOOK, {"board": self.board}),
            self.clock,
        )

    async def minutes(self, many: int = 1) -> None:
        """Each is looked at four times, as the service does."""
        for _ in range(many * 4):
            await self.uptime.look()
            self.clock.advance(15)

    def sends(self) -> None:
        self.uptime.hear(Attempted(target=BOARD, lane="board", members=1, outcome="sent", took_s=0.1))

    async def counted(self) -> tuple[int, int]:
        """Minutes up, and down."""
        rows = await self.ledger.analytics.uptime(0, 10**6)
        return sum((row.up & ~row.down).bit_count() for row in rows), sum(row.down.bit_count() for row in rows)


def a_lane(name: str) -> Lane:
    policy = LanePolicy(name=name, channel="board")
    return Lane(policy, (TargetPolicy(target=BOARD, lane=name),), [RateLimiter(GatePolicy())])


_BOOK = Rulebook(
    catalog=Catalog(), filters=FilterPolicy(), dedup=AlertDeduplicator(DedupPolicy()),
    routing=RoutingPolicy(routes=(), targets={}),
)  # fmt: skip


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    clock = ManualClock(NOON)
    async with open_ledger(f"sqlite:///{blank(tmp_path / 'ledger.db')}", clock=clock) as ledger:
        yield Watched(ledger, clock)


async def test_what_is_sent_shows_that_it_works_and_nothing_is_asked(watched: Watched) -> None:
    for _ in range(3):
        watched.sends()
        await watched.minutes()
    assert await watched.counted() == (3, 0)
    assert watched.board.asked == 0


async def test_an_idle_channel_is_asked_once_a_minute_after_the_first(watched: Watched) -> None:
    await watched.minutes(5)
    assert (await watched.counted(), watched.board.asked) == ((4, 0), 4)
    watched.board.answers = False
    await watched.minutes(2)
    watched.board.answers = None
    await watched.minutes(3)
    assert await watched.counted() == (4, 2)


async def test_a_lane_that_stands_still_on_its_providers_account_is_down(watched: Watched) -> None:
    now = watched.clock.monotonic()
    for _ in range(OPENS_AFTER):
        watched.lane.judge(Unknown(Doubt.PROVIDER_ERROR), now)
    watched.sends()
    await watched.minutes(2)
    assert await watched.counted() == (0, 2)
    watched.lane = a_lane("board")
    watched.watch()
    watched.lane.shut(watched.clock.monotonic(), timedelta(minutes=2), Delay.CREDENTIALS.value)
    await watched.minutes(2)
    watched.lane.shut(watched.clock.monotonic(), timedelta(minutes=2), Delay.RATE_LIMITED.value)
    await watched.minutes(1)
    assert await watched.counted() == (1, 4), "nothing has waited for long: it is asked, and answers"


async def test_the_time_in_which_the_service_stood_still_is_down(watched: Watched) -> None:
    await watched.uptime.start()
    watched.sends()
    await watched.minutes(1)
    watched.clock.advance(timedelta(hours=2).total_seconds())
    watched.watch()
    await watched.uptime.start()
    assert await watched.counted() == (1, 120)
