"""A mirror is told everything once, in its order, from where it was: also over restarts and what it learns later."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.blank import blank
from tests.contract.books import GENERAL, HIGH, Books, opened
from tests.contract.conftest import NOON

from tocsin.core.alert import Alert
from tocsin.core.click import Click, ClickKind
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.mirror import DeliveryStatus, Entry, News

MIRROR = "copy"
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


class Reader:
    """A mirror that takes whatever waits."""

    def __init__(self, books: Books, *, by_alert: bool = False) -> None:
        self.books = books
        self.by_alert = by_alert

    async def look(self) -> None:
        self.books.clock.advance(3)  # what is learned later is looked at a little later
        await self.books.ledger.mirrors.plan(MIRROR, 1000, afterwards=self.by_alert)

    async def waiting(self, most: int = 1000) -> Sequence[Entry]:
        return await self.books.ledger.mirrors.due(MIRROR, most, by_alert=self.by_alert)

    async def take(self, most: int = 1000) -> Sequence[Entry]:
        await self.look()
        entries = await self.waiting(most)
        await self.books.ledger.mirrors.taken(MIRROR, entries, by_alert=self.by_alert)
        return entries

    async def take_words(self) -> list[tuple[str, str]]:
        return [(entry.account.record.alert.sku, entry.news.value) for entry in await self.take()]


async def test_a_new_mirror_begins_with_what_comes_from_then_on(books: Books) -> None:
    await books.append(books.detected("before"))
    mirror = Reader(books)
    assert await mirror.take() == []
    await books.append(books.detected("after"))
    assert await mirror.take_words() == [("after", "accepted")]


async def test_everything_is_told_once_in_its_order(books: Books) -> None:
    mirror = Reader(books)
    await mirror.take()
    first, second = books.detected("1"), books.detected("2")
    await books.append(first, second)
    for _ in range(2):
        await books.settle(await books.claimed(), DeliveryState.SENT)
    await books.close(first)
    assert await mirror.take_words() == [
        ("1", "accepted"), ("2", "accepted"), ("1", "closed"), ("1", "final"), ("2", "final"),
    ]  # fmt: skip
    assert await mirror.take() == []


async def test_places_rise_whatever_comes_between(books: Books) -> None:
    """A server that refuses what does not rise would lose it otherwise."""
    mirror, places = Reader(books), []
    await mirror.take()
    for sku in "abc":
        await books.append(books.detected(sku))
        places += [entry.place for entry in await mirror.take()]
        await books.settle(await books.claimed(), DeliveryState.SENT)
        places += [entry.place for entry in await mirror.take()]
    assert places == sorted(set(places))
    assert len(places) == 6


async def test_its_end_is_told_when_no_delivery_is_under_way(books: Books) -> None:
    mirror = Reader(books)
    await mirror.take()
    await books.append(books.detected(), decide=books.telling(GENERAL, HIGH))
    assert await mirror.take_words() == [("6634940", "accepted")]
    await books.settle(await books.claimed(GENERAL), DeliveryState.SENT)
    assert await mirror.take() == []
    await books.settle(await books.claimed(HIGH), DeliveryState.REFUSED, Why.REFUSED)
    (entry,) = await mirror.take()
    assert entry.news is News.FINAL
    assert entry.account.sent_channels == ("discord",)
    assert entry.account.delivery_status is DeliveryStatus.PARTIAL
    assert entry.account.deliveries[HIGH] == {DeliveryState.REFUSED: 1}


async def test_what_was_not_taken_waits_also_for_the_next_process(place: str, clock: ManualClock) -> None:
    async with opened(place, clock) as books:
        mirror = Reader(books)
        await mirror.take()
        await books.append(books.detected("1"), books.detected("2"))
        await mirror.look()
    async with opened(place, clock) as books:
        mirror = Reader(books)
        assert [entry.account.record.alert.sku for entry in await mirror.waiting()] == ["1", "2"]
        assert [entry.account.record.alert.sku for entry in await mirror.take(1)] == ["1"]
        assert await mirror.take_words() == [("2", "accepted")]


async def test_one_row_of_each_alert_tells_how_it_stands_now(books: Books) -> None:
    mirror = Reader(books, by_alert=True)
    await mirror.take()
    alert = books.detected()
    await books.append(alert)
    await mirror.look()
    await books.settle(await books.claimed(), DeliveryState.SENT)
    await books.close(alert)
    (entry,) = await mirror.take()
    assert (entry.news, entry.account.record.closed_at is None) == (News.FINAL, False)
    assert await mirror.take() == []


async def test_what_happens_while_a_row_is_written_is_written_again(books: Books) -> None:
    mirror = Reader(books, by_alert=True)
    await mirror.take()
    await books.append(books.detected())
    await mirror.look()
    read = await mirror.waiting()
    await books.settle(await books.claimed(), DeliveryState.SENT)
    await mirror.look()
    await books.ledger.mirrors.taken(MIRROR, read, by_alert=True)
    assert [entry.news for entry in await mirror.take()] == [News.FINAL]


async def test_a_click_after_its_end_is_told(books: Books) -> None:
    mirror = Reader(books, by_alert=True)
    await mirror.take()
    await books.append(books.detected())
    await books.settle(await books.claimed(), DeliveryState.SENT)
    await mirror.take()
    (delivery,) = (await books.deliveries()).values()
    await books.history.click(delivery.key, Click(books.clock.now(), ClickKind.ROBOT, "agent"), SECOND)
    assert await mirror.take() == []
    await books.history.click(delivery.key, Click(books.clock.now(), ClickKind.PERSON, ""), SECOND)
    (entry,) = await mirror.take()
    assert (entry.news, entry.account.clicks) == (News.CHANGED, 1)


async def test_a_mirror_of_events_hears_of_no_clicks(books: Books) -> None:
    mirror = Reader(books)
    await mirror.take()
    await books.append(books.detected())
    await books.settle(await books.claimed(), DeliveryState.SENT)
    await mirror.take()
    (delivery,) = (await books.deliveries()).values()
    await books.history.click(delivery.key, Click(books.clock.now(), ClickKind.PERSON, ""), SECOND)
    assert await mirror.take() == []


async def test_alerts_that_are_not_kept_any_more_are_not_told(books: Books) -> None:
    mirror = Reader(books)
    await mirror.take()
    await books.append(books.detected("old"))
    await books.settle(await books.claimed(), DeliveryState.SENT)
    await mirror.look()
    books.clock.advance(MINUTE.total_seconds())
    await books.append(books.detected("new"))
    assert await books.history.prune(books.clock.now()) == 1
    assert await mirror.take_words() == [("new", "accepted")]
    assert (await books.ledger.mirrors.standing(MIRROR)).behind == 0


async def test_calls_are_counted_by_the_month(books: Books) -> None:
    mirrors, clock = books.ledger.mirrors, books.clock
    await mirrors.plan(MIRROR, 10, afterwards=False)
    for _ in range(3):
        await mirrors.called(MIRROR)
    assert (await mirrors.standing(MIRROR)).calls_of(clock.now()) == 3
    clock.advance(timedelta(days=31).total_seconds())
    assert (await mirrors.standing(MIRROR)).calls_of(clock.now()) == 0
    await mirrors.called(MIRROR)
    assert (await mirrors.standing(MIRROR)).calls_of(clock.now()) == 1


async def test_how_far_it_is_counts_what_is_not_even_written_down(books: Books) -> None:
    mirror = Reader(books)
    await mirror.take()
    await books.append(*(books.detected(str(one)) for one in range(5)))
    standing = await books.ledger.mirrors.standing(MIRROR)
    assert (standing.waiting, standing.unread, standing.behind) == (0, 5, 5)
    await books.ledger.mirrors.plan(MIRROR, 3, afterwards=False)
    standing = await books.ledger.mirrors.standing(MIRROR)
    assert (standing.waiting, standing.unread) == (3, 2)


STEPS = ("append", "send", "refuse", "close", "look", "take", "take one", "restart")


@dataclass
class Past:
    """What happened, and what a mirror should have heard of it."""

    told: list[Entry] = field(default_factory=list)
    wanted: dict[str, set[str]] = field(default_factory=dict)
    standing: list[Alert] = field(default_factory=list)

    async def go(self, step: str, books: Books) -> None:
        mirror = Reader(books)
        match step:
            case "append":
                alert = books.detected(f"sku-{len(self.wanted)}")
                await books.append(alert)
                self.wanted[alert.sku] = {"accepted", "final"}
                self.standing.append(alert)
            case "send" | "refuse":
                if claim := await books.claim():
                    to = (DeliveryState.SENT, None) if step == "send" else (DeliveryState.REFUSED, Why.REFUSED)
                    await books.settle(claim, *to)
            case "close" if self.standing:
                alert = self.standing.pop(0)
                await books.close(alert)
                self.wanted[alert.sku].add("closed")
            case "look":
                await mirror.look()
            case "take":
                self.told += await mirror.take()
            case "take one":
                self.told += await mirror.take(1)
            case "settle all":
                while claim := await books.claim():
                    await books.settle(claim, DeliveryState.SENT)


@settings(max_examples=25)
@given(steps=st.lists(st.sampled_from(STEPS), max_size=25))
async def test_over_any_history_each_alert_is_told_of_once(steps: list[str]) -> None:
    """Accepted, closed and final once each, in the order of their places."""
    past, clock = Past(), ManualClock(NOON)
    with TemporaryDirectory() as folder:
        place = f"sqlite:///{blank(Path(folder, 'ledger.db'))}"
        for restarted in " ".join(["take", *steps, "settle all", "take"]).split("restart"):
            async with opened(place, clock) as books:
                for step in re.findall("take one|settle all|[a-z]+", restarted):
                    await past.go(step, books)
    heard: dict[str, list[str]] = {}
    for entry in past.told:
        heard.setdefault(entry.account.record.alert.sku, []).append(entry.news.value)
    assert {sku: sorted(news) for sku, news in heard.items()} == {
        sku: sorted(news) for sku, news in past.wanted.items()
    }
    places = [entry.place for entry in past.told]
    assert places == sorted(set(places))
