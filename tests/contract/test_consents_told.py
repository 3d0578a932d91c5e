"""A provider hears of consent once, in its order, across restarts and refusals; never of what it knows already."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.contract.books import Books
from tests.contract.crowd import CONFIRMED, GRANTED, RESUMED, STOP, Crowd, said
from tests.contract.crowd import phone as a_phone
from tests.rules.made import CATALOG

from tocsin.core.address import AddressWhy
from tocsin.core.clock import ManualClock
from tocsin.core.consent import ConsentEvent, ConsentSource, ConsentTold, ConsentWord
from tocsin.core.facts import Fact, Trouble
from tocsin.pipeline.active import Active
from tocsin.pipeline.people.consent_teller import MOST_TRIES, PAUSE_S, ConsentTeller
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.routing import RoutingPolicy
from tocsin.rules.rulebook import Rulebook

LEFT = said(ConsentEvent.WITHDRAWN, ConsentSource.PREFERENCE_PAGE, why=AddressWhy.PAGE, author="person")
START = said(ConsentEvent.RESUMED, ConsentSource.INBOUND_TEXT, author="person")
BLOCKED = said(ConsentEvent.REFUSED_BY_PROVIDER, ConsentSource.PROVIDER, why=AddressWhy.PROVIDER_OPT_OUT)


@dataclass
class Provider:
    name: str = "sms"
    consents_at_once: int = 2
    hears_consent: bool = True
    heard: list[list[tuple[str, bool]]] = field(default_factory=list)
    refuses: frozenset[str] = frozenset()
    fails: str = ""

    async def tell_consent(self, words: Sequence[ConsentWord]) -> ConsentTold:
        assert 0 < len(words) <= self.consents_at_once
        if self.fails:
            return ConsentTold(failed=self.fails)
        self.heard.append([(word.number.reveal()[-2:], word.granted) for word in words])
        refused: dict[UUID, str] = {word.id: "no" for word in words if word.number.reveal()[-2:] in self.refuses}
        return ConsentTold(refused)

    def of(self) -> list[tuple[str, bool]]:
        return [word for request in self.heard for word in request]


@dataclass
class Desk:
    books: Books
    provider: Provider
    facts: list[Fact]
    teller: ConsentTeller

    @classmethod
    async def begun(cls, books: Books) -> "Desk":
        """The provider is to hear of everything from now on."""
        provider, facts = Provider(), list[Fact]()
        dedup = AlertDeduplicator(DedupPolicy())
        book = Rulebook(
            catalog=CATALOG, filters=FilterPolicy(), dedup=dedup, routing=RoutingPolicy(routes=(), targets={})
        )
        channels: Any = {"sms": provider, "email": object()}
        desk = cls(
            books,
            provider,
            facts,
            ConsentTeller(books.ledger.people, Active(book, channels), books.clock, facts.append),
        )
        await desk.look()
        return desk

    async def look(self, times: int = 1, pause: float = 1.0) -> None:
        for _ in range(times):
            await self.teller.look()
            self.books.clock.advance(pause)


def numbered(number: int) -> Any:
    return a_phone(f"+141555501{number:02}")


async def test_what_was_said_last_of_each_number_is_told_once_in_parts(books: Books, clock: ManualClock):
    crowd = Crowd(books.ledger.people)
    await crowd.telling("before", numbered(99))
    desk = await Desk.begun(books)
    people = [await crowd.telling(f"member {number}", numbered(number)) for number in range(5)]
    await crowd.say(*people[1], LEFT)
    await crowd.add(await crowd.meet("waits for a code"), numbered(50), GRANTED)
    await desk.look(5)
    assert sorted(map(len, desk.provider.heard)) == [1, 2, 2]
    assert sorted(desk.provider.of()) == [("00", True), ("01", False), ("02", True), ("03", True), ("04", True)]
    again = ConsentTeller(books.ledger.people, desk.teller._active, clock, desk.facts.append)
    await again.look()
    assert len(desk.provider.heard) == 3
    await crowd.say(*people[1], CONFIRMED)
    await again.look()
    assert desk.provider.heard[3:] == [[("01", True)]]


async def test_what_came_by_text_or_from_the_provider_is_not_told_back(books: Books):
    desk, crowd = await Desk.begun(books), Crowd(books.ledger.people)
    people = [await crowd.telling(f"member {number}", numbered(number)) for number in range(3)]
    await crowd.say(*people[0], STOP)
    await crowd.say(*people[1], BLOCKED)
    await crowd.say(*people[2], STOP)
    await crowd.say(*people[2], START)
    await desk.look(3)
    assert desk.provider.of() == []
    await crowd.say(*people[2], RESUMED)  # by a call
    await desk.look()
    assert desk.provider.of() == [("02", True)]


async def test_a_request_that_failed_is_told_again_and_shown(books: Books):
    desk, crowd = await Desk.begun(books), Crowd(books.ledger.people)
    await crowd.telling("Ada", numbered(1))
    desk.provider.fails = "503"
    await desk.look(5)
    assert [fact.detail for fact in desk.facts if isinstance(fact, Trouble)] == ["sms: 1 entries: 503"]
    desk.provider.fails = ""
    await desk.look(1, pause=PAUSE_S)
    await desk.look()
    assert desk.provider.of() == [("01", True)]


async def test_what_is_refused_is_told_five_times_and_keeps_no_other_from_it(books: Books):
    desk, crowd = await Desk.begun(books), Crowd(books.ledger.people)
    desk.provider.refuses = frozenset({"01"})
    for number in range(4):
        await crowd.telling(f"member {number}", numbered(number))
    await desk.look(MOST_TRIES + 3, pause=PAUSE_S + 1)
    told = desk.provider.of()
    assert told.count(("01", True)) == MOST_TRIES
    assert {number for number, _ in told} == {"00", "01", "02", "03"}
    assert "1 given up" in "".join(fact.detail for fact in desk.facts if isinstance(fact, Trouble))
