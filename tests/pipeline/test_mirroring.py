"""Each mirror is brought what is new at its own pace: what it cannot take waits, what it never takes is left out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from tests.contract.books import Books, opened
from tests.contract.conftest import NOON
from tests.deadline import DEADLINE_S

from tocsin.cluster.alone import Alone
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import Fact, MirrorFailing, MirrorWorks, Trouble
from tocsin.core.mirror import Entry
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown
from tocsin.pipeline.mirroring import Follower, Mirroring


@dataclass
class Board:
    """A mirror that answers as a test wants, and else takes everything."""

    name: str = "board"
    by_alert: bool = False
    at_once: int = 10
    rest: timedelta = timedelta(seconds=0.2)
    calls_per_month: int | None = None
    script: list[Outcome] = field(default_factory=list)
    requests: list[list[str]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    took: asyncio.Event = field(default_factory=asyncio.Event)
    hates: str = ""

    async def write(self, entries: Sequence[Entry]) -> Outcome:
        told = [f"{entry.account.record.alert.sku} {entry.news}" for entry in entries]
        self.requests.append(told)
        outcome = self.script.pop(0) if self.script else Sent()
        if self.hates and any(self.hates in one for one in told):
            outcome = Refused(Refusal.INVALID_REQUEST, "that one")
        if isinstance(outcome, Sent):
            self.taken += told
            self.took.set()
        return outcome

    async def look(self) -> Sequence[str]:
        return ()

    async def close(self) -> None:
        pass


class Copying:
    """A ledger that a board follows."""

    def __init__(self, books: Books, facts: list[Fact], **board: object) -> None:
        self.books = books
        self.facts = facts
        self.board = Board(**board)
        self.follower = Follower(books.ledger.mirrors, self.board, books.clock, facts.append)

    async def turn(self) -> float:
        """The rest that it takes, in seconds; so long passes."""
        rest = (await self.follower.turn()).total_seconds()
        self.books.clock.advance(rest)
        return rest

    async def append(self, *skus: str) -> None:
        await self.books.append(*(self.books.detected(sku) for sku in skus))

    def heard(self, kind: type) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    async with opened(f"sqlite:///{tmp_path}/ledger.db", ManualClock(NOON)) as books:
        yield books


@pytest.fixture
async def copying(books: Books) -> Copying:
    copying = Copying(books, [])
    await copying.turn()
    return copying


async def test_what_is_new_is_brought_in_its_order_and_once(copying: Copying) -> None:
    await copying.append("a", "b")
    assert [await copying.turn(), await copying.turn()] == [0.2, 1.0]
    assert copying.board.requests == [["a accepted", "b accepted"]]


async def test_a_request_carries_no_more_than_it_may(copying: Copying) -> None:
    copying.board.at_once = 2
    await copying.append(*"abcde")
    for _ in range(4):
        await copying.turn()
    assert [len(request) for request in copying.board.requests] == [2, 2, 1]


@pytest.mark.parametrize("outcome", [Deferred(Delay.PROVIDER_TROUBLE), Unknown(Doubt.ANSWER_LOST)])
async def test_what_it_cannot_take_now_it_is_told_again_after_longer_and_longer_rests(
    copying: Copying, outcome: Outcome
) -> None:
    copying.board.script = [outcome] * 4
    await copying.append("a")
    assert [await copying.turn() for _ in range(5)] == [1.0, 2.0, 4.0, 8.0, 0.2]
    assert copying.board.taken == ["a accepted"]


async def test_the_rest_that_it_asks_for_is_kept(copying: Copying) -> None:
    copying.board.script = [Deferred(Delay.RATE_LIMITED, timedelta(seconds=30))]
    await copying.append("a")
    assert await copying.turn() == 30.0


async def test_operators_hear_of_one_that_fails_for_half_a_minute_and_of_its_return(copying: Copying) -> None:
    copying.board.script = [Deferred(Delay.UNREACHABLE, None, "nobody there")] * 6
    await copying.append("a")
    for _ in range(5):
        await copying.turn()
    assert copying.heard(MirrorFailing) == []
    await copying.turn()
    assert copying.heard(MirrorFailing) == [MirrorFailing("board", "nobody there")]
    assert (await copying.follower.report()).problem == "nobody there"
    await copying.turn()
    assert copying.heard(MirrorWorks) == [MirrorWorks("board")]
    assert (await copying.follower.report()).problem == ""


async def test_one_that_is_never_taken_keeps_no_other_waiting(copying: Copying) -> None:
    copying.board.hates = "bad"
    await copying.append("a", "bad", "b")
    for _ in range(6):
        await copying.turn()
    assert copying.board.taken == ["a accepted", "b accepted"]
    (trouble,) = copying.heard(Trouble)
    assert isinstance(trouble, Trouble)
    assert trouble.what == "mirror_entry_refused"


async def test_a_months_calls_are_spread_over_what_is_left_of_it(books: Books) -> None:
    copying = Copying(books, [], calls_per_month=100, rest=timedelta(seconds=30), by_alert=True)
    await copying.turn()
    await copying.append("a")
    rest = await copying.turn()
    left = timedelta(days=7, hours=12).total_seconds() - 1  # of November 23, noon, and a second
    assert rest == pytest.approx(left / 99)
    report = await copying.follower.report()
    assert report.calls_left == 99


async def test_a_row_is_brought_as_it_stands_when_its_turn_comes(books: Books) -> None:
    copying = Copying(books, [], calls_per_month=1000, by_alert=True)
    await copying.turn()
    await copying.append("a")
    claim = await books.claimed()
    await copying.turn()
    await books.settle(claim, DeliveryState.SENT)
    await copying.append("b")
    await copying.turn()
    assert copying.board.requests == [["a accepted"], ["a final", "b accepted"]]


async def test_how_long_it_takes_to_catch_up_is_told_by_its_pace(copying: Copying) -> None:
    copying.board.at_once = 1
    await copying.append(*"abcdefgh")
    for _ in range(2):
        await copying.turn()
    report = await copying.follower.report()
    assert (report.standing.behind, report.caught_up_in) == (6, timedelta(seconds=180))


async def test_a_mirror_that_hangs_keeps_no_other_waiting(books: Books) -> None:
    """Each has a task of its own."""

    class Hanging(Board):
        async def write(self, _: Sequence[Entry]) -> Outcome:
            await asyncio.get_running_loop().create_future()
            return Sent()

    hanging, other = Hanging(name="hanging"), Board(name="other")
    for mirror in (hanging, other):
        await books.ledger.mirrors.plan(mirror.name, 1, afterwards=False)
    await books.append(books.detected("a"))
    alone = Alone()
    mirroring = Mirroring(books.ledger.mirrors, (hanging, other), alone, books.clock, lambda _: None)
    await alone.start()
    await mirroring.start()
    await asyncio.wait_for(other.took.wait(), DEADLINE_S)
    assert (await books.ledger.mirrors.standing("hanging")).behind == 1
    await mirroring.stop()
