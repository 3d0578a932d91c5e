"""Push by two ways: where one fails, the other goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from tests.channels.scenes import NOW, a_member, a_record, an_attempt

from tocsin.channels.abilities import Edits, Measures, Message, RepeatsSafely
from tocsin.channels.contract import Attempt, Channel, Matter, Report
from tocsin.channels.push.channel import PushChannel
from tocsin.core.address import AddressKind
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Target
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret

VIP = Target("push", "vip")
PHONE, BROWSER = AddressKind.DEVICE, AddressKind.BROWSER
NO_KEY, BUSY = Deferred(Delay.CREDENTIALS, detail="no"), Deferred(Delay.RATE_LIMITED, timedelta(seconds=30))
TROUBLE = Deferred(Delay.PROVIDER_TROUBLE)
ONE = Deferred(Delay.RATE_LIMITED, timedelta(seconds=5), part="device")


@dataclass
class Way:
    """Says what it is told to say, and counts who asked."""

    title: str
    kind: AddressKind
    says: Outcome = field(default_factory=lambda: Sent("x"))
    asked: int = 0
    edited: list[Message] = field(default_factory=list)

    def render(self, _target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        return {"title": records[0].alert.title}

    async def send(self, attempt: Attempt) -> Report:
        assert len(attempt.members) == 1
        self.asked += 1
        return Report((self.says,), status=200)

    async def edit(self, message: Message) -> Report:
        self.edited.append(message)
        return Report((self.says,))


@dataclass
class AskableWay(Way):
    works: bool | None = True

    async def probe(self) -> bool | None:
        return self.works


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def ways() -> tuple[Way, Way]:
    return Way("Firebase", PHONE), Way("Browsers", BROWSER)


@pytest.fixture
def channel(ways: tuple[Way, Way], clock: ManualClock) -> PushChannel:
    return PushChannel(ways, clock)


def to(*kinds: AddressKind) -> Attempt:
    attempt = an_attempt([a_record()] * len(kinds), VIP)
    people = [Recipient(slot=at, kind=kind, value=Secret("v"), lookup=b"") for at, kind in enumerate(kinds, 1)]
    members = (replace(member, recipient=person) for member, person in zip(attempt.members, people, strict=True))
    return replace(attempt, members=tuple(members))


async def test_each_person_goes_by_the_way_of_their_address(channel: PushChannel, ways: tuple[Way, Way]):
    report = await channel.send(to(PHONE, BROWSER, PHONE))
    assert report.outcomes == (Sent("x"),) * 3
    assert [way.asked for way in ways] == [2, 1]
    assert channel.units(to(PHONE, BROWSER)) == 2


def test_it_is_a_channel_with_these_abilities(channel: PushChannel):
    made: Channel = channel
    assert all(isinstance(made, ability) for ability in (Edits, Measures, RepeatsSafely))
    assert channel.render(VIP, [a_record()]) == {
        "Firebase": {"title": "GeForce RTX 5090"}, "Browsers": {"title": "GeForce RTX 5090"}}  # fmt: skip
    assert channel.pack(VIP, [a_record()] * 3) == 3


@pytest.mark.parametrize("said", [NO_KEY, BUSY])
async def test_a_way_that_is_shut_rests_by_itself_and_is_tried_by_one(
    channel: PushChannel, ways: tuple[Way, Way], clock: ManualClock, said: Deferred
):
    firebase, browsers = ways
    firebase.says = said
    report = await channel.send(to(PHONE, BROWSER))
    first = report.outcomes[0]
    assert isinstance(first, Deferred)
    assert (first.part, report.outcomes[1]) == ("Firebase", Sent("x")), "the lane stays open for browsers"
    assert (Matter("Firebase", "no") in report.matters) is (said is NO_KEY)
    await channel.send(to(PHONE, PHONE, BROWSER))
    assert (firebase.asked, browsers.asked) == (1, 2)
    clock.advance(61)
    await channel.send(to(PHONE, PHONE, PHONE))
    assert firebase.asked == 2, "one tries it; the others wait"
    clock.advance(61)
    firebase.says = Sent("x")
    assert (await channel.send(to(PHONE, PHONE, PHONE))).outcomes == (Sent("x"),) * 3


@pytest.mark.parametrize(
    ("said", "works"),
    [([], None), ([True], True), ([None], None), ([True, False], False), ([True, None], True)],
)
async def test_it_works_as_well_as_the_worst_of_the_ways_that_can_be_asked(
    ways: tuple[Way, Way], clock: ManualClock, said: list[bool | None], works: object
):
    kinds = [PHONE, BROWSER]
    asked = [AskableWay(f"Way {at}", kinds[at], works=each) for at, each in enumerate(said)]
    assert await PushChannel([*asked, *ways[len(asked) :]], clock).probe() is works


async def test_where_no_way_is_well_the_lane_is_told(channel: PushChannel, ways: tuple[Way, Way]):
    for way in ways:
        way.says = NO_KEY
    report = await channel.send(to(PHONE, BROWSER))
    assert [getattr(one, "part", None) for one in report.outcomes] == ["", ""]


async def test_the_only_way_speaks_for_the_lane(ways: tuple[Way, Way], clock: ManualClock):
    ways[0].says = BUSY
    report = await PushChannel([ways[0]], clock).send(to(PHONE))
    assert report.outcomes == (BUSY,)


async def test_what_is_said_of_one_device_shuts_nothing(channel: PushChannel, ways: tuple[Way, Way]):
    ways[0].says = ONE
    assert (await channel.send(to(PHONE))).outcomes == (ONE,)
    ways[0].says = Sent("y")
    assert (await channel.send(to(PHONE))).outcomes == (Sent("y"),)


async def test_trouble_again_and_again_opens_the_breaker_of_that_way_alone(
    channel: PushChannel, ways: tuple[Way, Way], clock: ManualClock
):
    firebase, _ = ways
    for said in (TROUBLE, Unknown(Doubt.ANSWER_LOST)):
        firebase.says, firebase.asked = said, 0
        for _ in range(8):
            await channel.send(to(PHONE))
        assert firebase.asked == 5
        assert (await channel.send(to(BROWSER))).outcomes == (Sent("x"),)
        clock.advance(10)
        firebase.says = Sent("x")
        assert (await channel.send(to(PHONE))).outcomes == (Sent("x"),)


async def test_nobody_in_particular_and_a_kind_without_a_way_are_refused(ways: tuple[Way, Way], clock: ManualClock):
    channel = PushChannel([ways[0]], clock)
    attempt = replace(to(BROWSER), members=(*to(BROWSER).members, a_member(a_record(), 7, VIP)))
    for outcome in (await channel.send(attempt)).outcomes:
        assert isinstance(outcome, Refused)
        assert outcome.why is Refusal.INVALID_REQUEST


async def test_an_edit_goes_by_the_same_way_and_to_nobody_who_left(channel: PushChannel, ways: tuple[Way, Way]):
    (member,) = to(BROWSER).members
    message = Message(target=VIP, reference="r", members=(member,))
    assert (await channel.edit(message)).outcomes == (Sent("x"),)
    assert ways[1].edited == [message]
    left = replace(message, members=(replace(member, recipient=None),))
    told = (await channel.edit(left)).outcomes[0]
    assert isinstance(told, Refused)
    assert told.why is Refusal.MESSAGE_GONE
