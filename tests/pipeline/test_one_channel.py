"""Who wants to be told by one channel alone, from the preference to the next channel where the first one fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from uuid import UUID

from tests.blank import blank
from tests.contract.books import KEY
from tests.contract.crowd import Crowd, device, phone
from tests.deadline import DEADLINE_S
from tests.pipeline.test_lists import PHONES, Club, Phones, takes_it

from tocsin.bus.inprocess import InProcessBus
from tocsin.core.address import AddressKind
from tocsin.core.clock import SystemClock
from tocsin.core.delivery import Target
from tocsin.core.outcome import Outcome, Refusal, Refused
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.pipeline import Pipeline
from tocsin.rules.audience import ListPolicy
from tocsin.rules.catalog import Catalog
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.match import EVERYTHING
from tocsin.rules.routing import Route, RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook

DEVICES = frozenset({AddressKind.DEVICE})
TEXT, PUSH = Target("sms", "everyone"), Target("push", "everyone")
LISTS = {TEXT: ListPolicy(kinds=PHONES, most=5), PUSH: ListPolicy(kinds=DEVICES)}


@asynccontextmanager
async def two_channels(path: Path, answer: Callable[[str], Outcome]) -> AsyncIterator[tuple[Club, Phones]]:
    """Everybody by text and by push, which answers so."""
    clock, lanes = SystemClock(), {target: f"{target.channel}:main" for target in LISTS}
    book = Rulebook(
        catalog=Catalog(),
        filters=FilterPolicy(),
        dedup=AlertDeduplicator(DedupPolicy()),
        routing=RoutingPolicy(
            routes=(Route(name="all", match=EVERYTHING, to=tuple(LISTS)),),
            targets={t: TargetPolicy(target=t, lane=lanes[t], people=people) for t, people in LISTS.items()},
            lanes={
                lane: LanePolicy(name=lane, channel=target.channel, gate=GatePolicy(max_in_flight=4))
                for target, lane in lanes.items()
            },
        ),
    )
    texts, pushes = Phones(), Phones(name="push", answer=answer)
    async with open_ledger(f"sqlite:///{blank(path / 'ledger.db')}", clock=clock, people_key=KEY) as ledger:
        active = Active(book, {"sms": texts, "push": pushes})
        pipeline = Pipeline(ledger, InProcessBus(), active, clock, lambda _: None, random=Random(1))
        async with pipeline.running():
            yield Club(ledger, pipeline, texts, Crowd(ledger.people), active), pushes


async def a_person(club: Club, number: int, **wishes: object) -> None:
    contact, _ = await club.crowd.telling(f"member {number}", phone(f"+1415555{number:04}"))
    await club.crowd.put_device(contact, device(f"device {number}", f"app {number}"))
    await club.ledger.people.prefer(contact.id, wishes)


async def settled(club: Club, many: int) -> None:
    """Texts and pushes together, with nothing left to do."""
    pushes = club.active.channels["push"]
    assert isinstance(pushes, Phones)
    async with asyncio.timeout(DEADLINE_S):
        while len(club.phones.told) + len(pushes.told) < many or await club.ledger.queue.lanes():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0)


async def test_one_is_told_by_push_one_by_text_and_one_by_both(tmp_path: Path):
    async with two_channels(tmp_path, takes_it) as (club, pushes):
        await a_person(club, 1, one_channel=True)
        await a_person(club, 2, one_channel=True, order=["sms"])
        await a_person(club, 3)
        identifier = await club.alert("first")
        await settled(club, 4)
        assert club.phones.of("first") == ["+14155550002", "+14155550003"]
        assert pushes.of("first") == ["device 1", "device 3"]
        story = await club.ledger.history.story(UUID(identifier))
        assert story is not None
        assert {str(row.target): row.left_out for row in story.lists} == {
            "push:everyone": {"other_channel": 1},
            "sms:everyone": {"other_channel": 1},
        }


async def test_where_the_push_fails_the_text_follows_for_who_wants_one_and_no_second_one(tmp_path: Path):
    async with two_channels(tmp_path, lambda _: Refused(Refusal.TARGET_GONE)) as (club, pushes):
        await a_person(club, 1, one_channel=True)
        await a_person(club, 3)
        await club.alert("first")
        await settled(club, 4)
        assert pushes.of("first") == ["device 1", "device 3"]
        assert club.phones.of("first") == ["+14155550001", "+14155550003"]
