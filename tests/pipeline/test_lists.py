"""Alerts for lists of people, from the detection to a channel that tells each person by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from tests.blank import blank
from tests.contract.books import KEY
from tests.contract.crowd import AUTHOR, CONFIRMED, RULE, STOP, Crowd, phone
from tests.deadline import DEADLINE_S

from tocsin.bus.inprocess import InProcessBus
from tocsin.channels.contract import Attempt, Report
from tocsin.core.address import AddressKind
from tocsin.core.clock import SystemClock
from tocsin.core.delivery import DeliveryState, Target
from tocsin.core.errors import InvalidRequestError, NotFoundError
from tocsin.core.outcome import Outcome, Refusal, Refused, Sent
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.ledger.contract import Ledger
from tocsin.ledger.contract.people import AddressRow, ContactRow, ListRow
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.pipeline import Pipeline
from tocsin.rules.audience import Directory, ListPolicy
from tocsin.rules.catalog import Catalog
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.match import EVERYTHING
from tocsin.rules.routing import Route, RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook

PHONES = frozenset({AddressKind.PHONE})
VIP = Target("sms", "vip")
LANE = "sms:main"


def takes_it(_: str) -> Outcome:
    return Sent()


@dataclass
class Phones:
    """A channel for people, with the numbers that it has told of each product."""

    name: str = "sms"
    told: list[tuple[str, str]] = field(default_factory=list)
    silently: list[tuple[str, str]] = field(default_factory=list)  # of these, those that made no sound
    answer: Callable[[str], Outcome] = takes_it

    def pack(self, _target: Target, _records: Sequence[AlertRecord]) -> int:
        return 1

    def render(self, _target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        return {"text": records[0].alert.sku}

    async def send(self, attempt: Attempt) -> Report:
        outcomes = []
        for member in attempt.members:
            assert member.recipient is not None
            assert member.recipient.slot == member.delivery.slot
            number = member.recipient.value.reveal()
            self.told.append((member.record.alert.sku, number))
            if member.silent:
                self.silently.append(self.told[-1])
            outcomes.append(self.answer(number))
        return Report(tuple(outcomes))

    def of(self, sku: str) -> list[str]:
        return sorted(number for product, number in self.told if product == sku)


@dataclass
class Club:
    ledger: Ledger
    pipeline: Pipeline
    phones: Phones
    crowd: Crowd
    active: Active
    numbers: int = 0

    def call_everything_critical(self) -> None:
        book = self.active.rulebook
        routes = tuple(replace(route, critical=True) for route in book.routing.routes)
        self.active.rulebook = replace(book, routing=replace(book.routing, routes=routes))

    async def join(self, *tags: str, phones: int = 1) -> tuple[ContactRow, list[AddressRow]]:
        self.numbers += 1
        values = [phone(f"+14155{self.numbers:03}{each:03}") for each in range(phones)]
        contact, first = await self.crowd.telling(f"member {self.numbers}", values[0])
        others = [
            await self.crowd.say(contact, await self.crowd.add(contact, value), CONFIRMED) for value in values[1:]
        ]
        await self.ledger.people.change(contact.id, {"tags": frozenset(tags)})
        return contact, [first, *others]

    async def alert(self, sku: str) -> str:
        answer = await self.pipeline.intake.offer(
            {"type": "in_stock", "sku": sku, "retailer": "bestbuy", "price": "9.99"}, owner="test"
        )
        assert answer["decision"] == "accepted"
        return str(answer["id"])

    async def told(self, sku: str, many: int) -> list[str]:
        """Whom of this product, once they are so many and the lane is empty."""
        async with asyncio.timeout(DEADLINE_S):
            while len(self.phones.of(sku)) < many or await self.ledger.queue.lanes():  # noqa: ASYNC110 - nobody announces it
                await asyncio.sleep(0)
        return self.phones.of(sku)


@asynccontextmanager
async def a_club(path: Path, *routed: str, **lists: ListPolicy) -> AsyncIterator[Club]:
    """Every alert goes to these lists, after those that are `routed` to although only a call may keep them."""
    clock = SystemClock()
    targets = {Target("sms", name): policy for name, policy in lists.items()}
    by_call = ListPolicy(kinds=PHONES, most=1000, given=True)
    book = Rulebook(
        catalog=Catalog(),
        filters=FilterPolicy(),
        dedup=AlertDeduplicator(DedupPolicy()),
        routing=RoutingPolicy(
            routes=(Route(name="all", match=EVERYTHING, to=(*(Target("sms", name) for name in routed), *targets)),),
            targets={
                target: TargetPolicy(target=target, lane=LANE, people=people) for target, people in targets.items()
            },
            lists={"sms": TargetPolicy(target=Target("sms", "everyone"), lane=LANE, people=by_call)},
            lanes={LANE: LanePolicy(name=LANE, channel="sms", gate=GatePolicy(max_in_flight=4))},
        ),
    )
    phones, facts = Phones(), []
    async with open_ledger(
        f"sqlite:///{blank(path / 'ledger.db')}", clock=clock, emit=facts.append, people_key=KEY
    ) as ledger:
        active = Active(book, {"sms": phones})
        pipeline = Pipeline(ledger, InProcessBus(), active, clock, facts.append, random=Random(1))
        async with pipeline.running():
            yield Club(ledger, pipeline, phones, Crowd(ledger.people), active)


async def test_each_of_a_list_is_told_once_and_whoever_left_hears_nothing_more(tmp_path: Path):
    async with a_club(tmp_path, vip=ListPolicy(kinds=PHONES, tag="vip")) as club:
        members = [await club.join("vip") for _ in range(3)]
        await club.join("others")
        await club.alert("first")
        assert await club.told("first", 3) == ["+14155001000", "+14155002000", "+14155003000"]
        contact, (address,) = members[1]
        await club.crowd.say(contact, address, STOP)
        await club.alert("second")
        assert await club.told("second", 2) == ["+14155001000", "+14155003000"]


async def test_a_person_on_three_lists_is_told_once_and_on_both_phones(tmp_path: Path):
    lists = {name: ListPolicy(kinds=PHONES, tag=name) for name in ("vip", "members")}
    async with a_club(tmp_path, **lists, everyone=ListPolicy(kinds=PHONES)) as club:
        await club.join("vip", "members", phones=2)
        await club.join("members")
        await club.alert("first")
        assert await club.told("first", 3) == ["+14155001000", "+14155001001", "+14155002000"]


async def test_who_wants_one_a_day_is_told_of_one_and_the_list_chooses_without_them_from_then_on(tmp_path: Path):
    async with a_club(tmp_path, vip=ListPolicy(kinds=PHONES, tag="vip")) as club:
        ada, _ = await club.join("vip")
        await club.join("vip")
        await club.ledger.people.prefer(ada.id, {"channels": {"sms": {"per_day": 1}}})
        await club.alert("first")
        assert len(await club.told("first", 2)) == 2
        states = []
        for sku in ("second", "third"):
            identifier = await club.alert(sku)
            assert await club.told(sku, 1) == ["+14155002000"]
            story = await club.ledger.history.story(UUID(identifier))
            assert story is not None
            states.append([(row.states, row.left_out) for row in story.lists])
        assert states == [
            [({DeliveryState.SENT: 1, DeliveryState.CANCELLED: 1}, {})],
            [({DeliveryState.SENT: 1}, {"per_day": 1})],
        ]


async def test_who_sleeps_is_told_without_a_sound_unless_it_is_critical(tmp_path: Path):
    now = SystemClock().now()
    night = {"from": f"{now - timedelta(hours=2):%H:%M}", "to": f"{now + timedelta(hours=2):%H:%M}", "do": "silent"}
    async with a_club(tmp_path, vip=ListPolicy(kinds=PHONES, tag="vip")) as club:
        ada, _ = await club.join("vip")
        await club.join("vip")
        await club.ledger.people.change(ada.id, {"zone": "UTC"})
        await club.ledger.people.prefer(ada.id, {"quiet": night})
        await club.alert("first")
        assert len(await club.told("first", 2)) == 2
        assert club.phones.silently == [("first", "+14155001000")]
        club.call_everything_critical()
        await club.alert("second")
        assert len(await club.told("second", 2)) == 2
        assert club.phones.silently == [("first", "+14155001000")]


async def test_a_dead_number_is_refused_and_the_list_goes_on(tmp_path: Path):
    async with a_club(tmp_path, vip=ListPolicy(kinds=PHONES, tag="vip")) as club:
        for _ in range(2):
            await club.join("vip")
        club.phones.answer = lambda number: Refused(Refusal.TARGET_GONE) if number.endswith("1000") else Sent()
        for sku in ("first", "second"):
            await club.alert(sku)
            assert "+14155002000" in await club.told(sku, 1)
        assert await club.ledger.operations.disabled() == ()


async def test_what_was_for_whoever_has_left_is_not_tried_again(tmp_path: Path):
    async with a_club(tmp_path, vip=ListPolicy(kinds=PHONES, tag="vip")) as club:
        contact, (address,) = await club.join("vip")
        club.phones.answer = lambda _: Refused(Refusal.UNDELIVERED)
        await club.alert("first")
        await club.told("first", 1)
        (one,) = (await club.ledger.history.deliveries()).items
        assert (await club.pipeline.operations.retry(one.id)).state is DeliveryState.PENDING
        await club.told("first", 2)
        await club.crowd.say(contact, address, STOP)
        with pytest.raises(InvalidRequestError, match="may not be told any more"):
            await club.pipeline.operations.retry(one.id)


async def test_people_who_come_while_alerts_are_decided_are_told_of_the_next(tmp_path: Path):
    async with a_club(tmp_path, everyone=ListPolicy(kinds=PHONES)) as club:
        await club.join()
        await asyncio.gather(*(club.alert(f"product {number}") for number in range(5)), club.join(), club.join())
        await club.alert("last")
        assert len(await club.told("last", 3)) == 3


async def test_no_alert_waits_for_people_who_change_without_end_and_who_has_left_is_not_told(tmp_path: Path):
    async with a_club(tmp_path, everyone=ListPolicy(kinds=PHONES)) as club:
        restless, _ = await club.join()
        leaver, (address,) = await club.join()
        directories, changes = club.pipeline.directories, count()
        look = directories.replace

        async def look_and_then_people_change(old: Directory) -> None:
            await look(old)
            await club.crowd.say(leaver, address, STOP)
            await club.ledger.people.change(restless.id, {"tags": frozenset({f"{next(changes)}"})})

        directories.replace = look_and_then_people_change
        await club.alert("first")
        assert await club.told("first", 1) == ["+14155001000"]
        assert next(changes) >= 2


async def test_a_list_that_may_tell_two_tells_two(tmp_path: Path):
    async with a_club(tmp_path, vip=ListPolicy(kinds=PHONES, tag="vip", most=2)) as club:
        for _ in range(5):
            await club.join("vip")
        identifier = await club.alert("first")
        assert len(await club.told("first", 2)) == 2
        story = await club.ledger.history.story(UUID(identifier))
        assert story is not None
        assert story.deliveries == ()
        (row,) = story.lists
        assert (row.target, row.planned, row.states) == (VIP, 2, {DeliveryState.SENT: 2})
        assert row.left_out == {"max_recipients": 3}


async def test_numbers_that_an_operator_wrote_down_are_told_until_they_leave(tmp_path: Path):
    numbers = ("+14155550101", "+14155550102")
    ops = ListPolicy(kinds=PHONES, to=tuple(map(Secret, numbers)))
    async with a_club(tmp_path, ops=ops) as club:
        await club.join("vip")
        await club.alert("first")
        assert await club.told("first", 2) == list(numbers)
        await club.ledger.people.hear(phone(numbers[1]), STOP, RULE)
    async with a_club(tmp_path, ops=ops) as club:
        await club.alert("second")
        assert await club.told("second", 1) == [numbers[0]]


async def test_a_rehearsal_says_how_many_would_be_told_now_and_tells_nobody(tmp_path: Path):
    async with a_club(tmp_path, vip=ListPolicy(kinds=PHONES, tag="vip", most=2)) as club:
        for _ in range(3):
            await club.join("vip")
        outlook = await club.pipeline.intake.rehearse(
            {"type": "in_stock", "sku": "first", "retailer": "bestbuy", "price": "9.99"}
        )
        (target,) = outlook["targets"]
        assert (target["recipients"], target["left_out"]) == (2, {"max_recipients": 1})
        assert await club.ledger.history.span() == (0, 0)
        assert club.phones.of("first") == []


def kept(name: str, **whom: Any) -> ListRow:
    return ListRow(channel="sms", name=name, **whom)


async def test_a_list_that_a_call_keeps_is_told_from_the_next_alert_on(tmp_path: Path):
    async with a_club(tmp_path, "night", everyone=ListPolicy(kinds=PHONES, tag="others", given=True)) as club:
        people = club.ledger.people
        ada, _ = await club.join("owls")
        bob, _ = await club.join("larks")
        await club.join("others")
        await club.alert("nobody keeps it")
        assert await club.told("nobody keeps it", 1) == ["+14155003000"]
        await people.keep_list(kept("night", tag="owls"))
        await club.alert("by tag")
        assert await club.told("by tag", 2) == ["+14155001000", "+14155003000"]
        await people.keep_list(kept("night", contacts=(bob.id,)))
        identifier = await club.alert("by name")
        assert await club.told("by name", 2) == ["+14155002000", "+14155003000"]
        story = await club.ledger.history.story(UUID(identifier))
        assert story is not None
        assert sorted(str(row.target) for row in story.lists) == ["sms:everyone", "sms:night"]
        await people.keep_list(kept("night", contacts=(ada.id, bob.id), max_recipients=1))
        await club.alert("one of two")
        assert len(await club.told("one of two", 2)) == 2
        await people.forget_list("sms", "night")
        await club.alert("forgotten")
        assert await club.told("forgotten", 1) == ["+14155003000"]


async def test_a_list_that_a_call_keeps_is_there_after_a_restart_and_can_be_switched_off(tmp_path: Path):
    everyone = ListPolicy(kinds=PHONES, tag="others", given=True)
    night = Target("sms", "night")
    async with a_club(tmp_path, "night", everyone=everyone) as club:
        await club.join("owls")
        await club.ledger.people.keep_list(kept("night", tag="owls"))
    async with a_club(tmp_path, "night", everyone=everyone) as club:
        await club.alert("first")
        assert await club.told("first", 1) == ["+14155001000"]
        operations = club.pipeline.operations
        (channel,) = await operations.channels()
        assert [each["target"] for each in channel["targets"]] == ["sms:everyone", "sms:night"]
        await operations.disable(night)
        identifier = await club.alert("second")
        await club.told("second", 0)
        story = await club.ledger.history.story(UUID(identifier))
        assert story is not None
        (row,) = [each for each in story.lists if each.target == night]
        assert row.states == {DeliveryState.REFUSED: 1}
        with pytest.raises(NotFoundError, match=r"sms:nigth .* there are sms:everyone, sms:night"):
            await operations.disable(Target("sms", "nigth"))


async def test_everyone_is_who_a_call_says_where_the_file_does_not(tmp_path: Path):
    async with a_club(tmp_path, everyone=ListPolicy(kinds=PHONES, given=True)) as club:
        for _ in range(2):
            await club.join("vip")
        await club.join()
        await club.alert("all")
        assert len(await club.told("all", 3)) == 3
        await club.ledger.people.keep_list(kept("everyone", tag="vip"))
        await club.alert("some")
        assert await club.told("some", 2) == ["+14155001000", "+14155002000"]


async def test_whoever_is_erased_leaves_the_lists_of_calls(tmp_path: Path):
    async with a_club(tmp_path, "night", others=ListPolicy(kinds=PHONES, tag="others")) as club:
        ada, _ = await club.join()
        bob, _ = await club.join()
        await club.ledger.people.keep_list(kept("night", contacts=(ada.id, bob.id)))
        await club.ledger.people.erase(ada.id, AUTHOR, RULE)
        await club.alert("first")
        assert await club.told("first", 1) == ["+14155002000"]
