"""Who is told, by sets, and by a plain look at one person after the other: both must say the same of everybody."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.made import CATALOG, MINUTE, NOW, alert

from tocsin.core.address import AddressKind
from tocsin.core.alert import Alert
from tocsin.core.decision import Chosen, LeftOut, Reserve
from tocsin.core.delivery import Target
from tocsin.core.recipients import NOBODY, Audience, audience_of, slots_of
from tocsin.core.secret import Secret
from tocsin.rules.audience import ChannelWishes, Directory, KeptList, ListPolicy, Sleep, Wish, reachable
from tocsin.rules.choice import Choice
from tocsin.rules.match import EVERYTHING, Match
from tocsin.rules.quiet import QuietAction, QuietHours, QuietRule, quiet_until

PHONE = frozenset({AddressKind.PHONE})
DEVICES = frozenset({AddressKind.DEVICE, AddressKind.BROWSER})
VIP, MEMBERS, EVERYONE, OPS = (Target("sms", name) for name in ("vip", "members", "everyone", "ops"))
PUSH = Target("push", "everyone")
LISTS = {
    VIP: ListPolicy(kinds=PHONE, tag="vip"),
    MEMBERS: ListPolicy(kinds=PHONE, tag="members"),
    EVERYONE: ListPolicy(kinds=PHONE),
    OPS: ListPolicy(kinds=PHONE, to=(Secret("+14155550101"),)),
    PUSH: ListPolicy(kinds=DEVICES),
}
MATCHES = (
    EVERYTHING,
    Match(families=frozenset({"rtx50"})),
    Match(min_priority=10),
    Match(families=frozenset({"none"})),
)
NIGHT = QuietHours(start=time(6), end=time(8), zone=ZoneInfo("America/New_York"), loud=Match(min_priority=10))
DAY = QuietHours(start=time(23), end=time(7), zone=ZoneInfo("Europe/Berlin"))
RULES = (None, *(QuietRule(hours, do) for hours in (NIGHT, DAY) for do in (QuietAction.HOLD, QuietAction.DROP)))


@dataclass
class Address:
    kind: str
    state: str
    written: bool
    slot: int = 0


@dataclass
class Person:
    tags: frozenset[str]
    addresses: list[Address]
    paused: timedelta | None
    muted: tuple[Match, timedelta | None] | None
    match: Match
    by_sms: Match | None  # None: off
    quiet: QuietRule | None
    full: timedelta | None  # has heard of enough by text until then


SPANS = st.sampled_from([-MINUTE, MINUTE])
ADDRESSES = st.builds(
    Address,
    st.sampled_from(["phone", "phone", "device", "browser", "mailbox"]),
    st.sampled_from(["willing"] * 6 + ["suppressed", "silent"]),
    st.booleans(),
)
PERSONS = st.builds(
    Person,
    st.frozensets(st.sampled_from(["vip", "members"])),
    st.lists(ADDRESSES, max_size=3),
    st.none() | SPANS,
    st.none() | st.tuples(st.sampled_from(MATCHES), st.none() | SPANS),
    st.sampled_from(MATCHES),
    st.none() | st.sampled_from(MATCHES),
    st.sampled_from(RULES),
    st.sampled_from([None, None, -MINUTE, MINUTE]),
)


def people(persons: list[Person], gaps: list[int]) -> list[Person]:
    """Slots are dense, but for those that are nobody's any more."""
    slot = 0
    for person in persons:
        for address in person.addresses:
            slot += 1 + (gaps.pop() if gaps else 0)
            address.slot = slot
    return persons


PEOPLE = st.builds(people, st.lists(PERSONS, max_size=8), st.lists(st.sampled_from([0, 0, 1, 5000]), max_size=8))
ALERTS = st.builds(
    lambda priority, sku, number: alert(priority=priority, sku=sku, id=UUID(int=number)),
    st.sampled_from([9, 10]),
    st.sampled_from(["6634940", "other"]),
    st.integers(0, 50),
)


def directory(persons: Sequence[Person]) -> Directory:
    every = [(person, address) for person in persons for address in person.addresses]

    def those(wanted: Iterable[tuple[Person, Address]]) -> Audience:
        return audience_of(address.slot for _, address in wanted)

    contacts = [0] * (max((address.slot for _, address in every), default=0) + 1)
    for number, person in enumerate(persons, start=1):
        for address in person.addresses:
            contacts[address.slot] = number
    return Directory(
        version=1,
        kinds={kind: those(each for each in every if each[1].kind == kind) for kind in AddressKind},
        tags={tag: those(each for each in every if tag in each[0].tags) for tag in ("vip", "members")},
        written={OPS: those(each for each in every if each[1].written and each[1].kind == "phone")},
        suppressed=those(each for each in every if each[1].state == "suppressed"),
        willing=those(each for each in every if each[1].state == "willing"),
        paused=tuple((NOW + each[0].paused, those([each])) for each in every if each[0].paused),
        muted=tuple(
            Wish(what, those([each]), None if span is None else NOW + span)
            for each in every
            if each[0].muted
            for what, span in [each[0].muted]
        ),
        matches=tuple(Wish(match, those(each for each in every if each[0].match == match)) for match in MATCHES),
        channels={
            "sms": ChannelWishes(
                off=those(each for each in every if each[0].by_sms is None),
                matches=tuple(
                    Wish(match, those(each for each in every if each[0].by_sms == match)) for match in MATCHES
                ),
            )
        },
        sleeps=tuple(
            Sleep(rule, those(each for each in every if each[0].quiet == rule)) for rule in RULES if rule is not None
        ),
        full={("sms", NOW + span): those(each for each in every if each[0].full == span) for span in (-MINUTE, MINUTE)},
        contacts=contacts,
    )


def judged(
    person: Person, address: Address, target: Target, what: Alert, *, critical: bool
) -> LeftOut | datetime | None:
    """Why not, until when not, or nothing against it."""
    vouched = target == OPS and address.written
    muted, mute_ends = person.muted or (None, None)
    unwanted = person.by_sms is None or not person.by_sms.admits(what, CATALOG)
    objections = {
        LeftOut.SUPPRESSED: address.state == "suppressed",
        LeftOut.CONSENT: address.state == "silent" and not vouched,
        LeftOut.PAUSED: person.paused is not None and person.paused > timedelta(0),
        LeftOut.MUTED: not critical
        and muted is not None
        and (mute_ends is None or mute_ends > timedelta(0))
        and muted.admits(what, CATALOG),
        LeftOut.MATCH: not person.match.admits(what, CATALOG),
        LeftOut.CHANNEL: target.channel == "sms" and unwanted,
        LeftOut.PER_DAY: target.channel == "sms" and person.full == MINUTE,
    }
    why = next((reason for reason, holds in objections.items() if holds), None)
    return why or (None if critical else asleep(person, what))


def asleep(person: Person, what: Alert) -> LeftOut | datetime | None:
    until = None if person.quiet is None else quiet_until(person.quiet.hours, NOW)
    if person.quiet is None or until is None or (person.quiet.hours.loud and what.priority == 10):
        return None
    return until if person.quiet.do is QuietAction.HOLD else LeftOut.QUIET


def belongs(person: Person, address: Address, target: Target) -> bool:
    if address.kind not in LISTS[target].kinds:
        return False
    if target == OPS:
        return address.written
    return target.name == "everyone" or target.name in person.tags


def can_be_told(person: Person, address: Address, target: Target) -> bool:
    """Whatever the alert is."""
    paused = person.paused is not None and person.paused > timedelta(0)
    off = target.channel == "sms" and person.by_sms is None
    sleeps = person.quiet is not None and quiet_until(person.quiet.hours, NOW) is not None
    vouched = target == OPS and address.written
    willing = address.state == "willing" or (address.state == "silent" and vouched)
    return willing and not (paused or off or sleeps)


def told_of(chosen: Chosen) -> dict[int, datetime | None]:
    """By slot: when, where that is later."""
    now = dict.fromkeys(slots_of(chosen.now))
    held = {slot: hold.until for hold in chosen.held for slot in slots_of(hold.audience)}
    assert len(now | held) == chosen.everybody.bit_count() == len(now) + len(held)
    return now | held


@settings(max_examples=200, deadline=None)
@given(PEOPLE, ALERTS, st.permutations(list(LISTS)), st.sets(st.sampled_from(list(LISTS))))
def test_sets_say_the_same_as_a_look_at_each_person(
    persons: list[Person], what: Alert, order: list[Target], critical: set[Target]
):
    choice = Choice(directory(persons), what, CATALOG, NOW)
    heard: dict[str, set[int]] = {"sms": set(), "push": set()}
    for target in order:
        chosen = choice.of(target, LISTS[target], critical=target in critical)
        expected: dict[int, datetime | None] = {}
        left_out: Counter[LeftOut] = Counter()
        for number, person in enumerate(persons):
            for address in person.addresses:
                if not belongs(person, address, target):
                    continue
                verdict = judged(person, address, target, what, critical=target in critical)
                if isinstance(verdict, LeftOut):
                    left_out[verdict] += 1
                elif number in heard[target.channel]:
                    left_out[LeftOut.OTHER_LIST] += 1
                else:
                    expected[address.slot] = verdict
        assert told_of(chosen) == expected
        assert chosen.left_out == dict(left_out)
        heard[target.channel] |= {
            number for number, person in enumerate(persons) if any(each.slot in expected for each in person.addresses)
        }


@settings(max_examples=100, deadline=None)
@given(PEOPLE)
def test_who_can_be_told_now_is_said_without_an_alert(persons: list[Person]):
    picture = directory(persons)
    for target, policy in LISTS.items():
        assert set(slots_of(reachable(picture, target, policy, NOW))) == {
            address.slot
            for person in persons
            for address in person.addresses
            if belongs(person, address, target) and can_be_told(person, address, target)
        }


@settings(max_examples=100, deadline=None)
@given(PEOPLE, ALERTS, st.sets(st.integers(0, 7)), st.sampled_from([PHONE, DEVICES]))
def test_a_list_of_named_people_tells_those_of_them_whom_everyone_tells(
    persons: list[Person], what: Alert, named: set[int], kinds: frozenset[AddressKind]
):
    picture, given_list = directory(persons), ListPolicy(kinds=kinds, most=5, given=True)
    addresses = audience_of(each.slot for at, one in enumerate(persons) if at in named for each in one.addresses)
    policy = given_list.kept_as(KeptList(contacts=addresses, most=1000))
    target = Target("sms" if kinds == PHONE else "push", "named")
    everybody = Choice(picture, what, CATALOG, NOW).of(target, ListPolicy(kinds=kinds)).everybody
    assert Choice(picture, what, CATALOG, NOW).of(target, policy).everybody == everybody & addresses


def test_a_list_of_a_call_has_the_most_of_its_channel_unless_it_says_its_own():
    usual = ListPolicy(kinds=PHONE, most=5, given=True)
    assert usual.kept_as(KeptList(tag="vip")) == ListPolicy(kinds=PHONE, tag="vip", most=5)
    assert usual.kept_as(KeptList(tag="vip", most=7)).most == 7
    nobody = usual.kept_as(KeptList(contacts=NOBODY))
    picture = Directory(kinds={AddressKind.PHONE: 2}, willing=2, contacts=[0, 1])
    assert Choice(picture, alert(), CATALOG, NOW).of(VIP, nobody).everybody == NOBODY, "and not everybody"


@settings(max_examples=100, deadline=None)
@given(PEOPLE, st.integers(0, 6), st.integers(0, 1000))
def test_a_list_tells_no_more_than_it_may_and_counts_the_others(persons: list[Person], most: int, number: int):
    whole = Choice(directory(persons), alert(id=UUID(int=number)), CATALOG, NOW).of(EVERYONE, ListPolicy(kinds=PHONE))
    capped = Choice(directory(persons), alert(id=UUID(int=number)), CATALOG, NOW).of(
        EVERYONE, ListPolicy(kinds=PHONE, most=most)
    )
    many = whole.everybody.bit_count()
    assert capped.everybody & ~whole.everybody == NOBODY
    assert capped.everybody.bit_count() == min(most, many)
    assert capped.left_out.get(LeftOut.MAX_RECIPIENTS, 0) == max(0, many - most)


def test_five_of_three_hundred_are_others_each_time_and_everybody_has_a_turn():
    three_hundred = audience_of(range(1, 301))
    picture = Directory(kinds={AddressKind.PHONE: three_hundred}, willing=three_hundred, contacts=range(301))
    told = [
        Choice(picture, alert(id=UUID(int=number * 7919)), CATALOG, NOW).of(VIP, ListPolicy(kinds=PHONE, most=5)).now
        for number in range(300)
    ]
    assert {each.bit_count() for each in told} == {5}
    assert Counter(slot for each in told for slot in slots_of(each)) == dict.fromkeys(range(1, 301), 5)


def test_a_persons_two_phones_are_both_told_and_by_one_list_only():
    both = audience_of([1, 2])
    picture = Directory(
        kinds={AddressKind.PHONE: both},
        tags={"vip": both, "members": both},
        written={OPS: audience_of([2])},
        willing=both,
        contacts=[0, 7, 7],
    )
    choice = Choice(picture, alert(), CATALOG, NOW)
    assert choice.of(VIP, LISTS[VIP]).now == both
    assert [choice.of(each, LISTS[each]).everybody for each in (MEMBERS, EVERYONE, OPS)] == [NOBODY] * 3
    other = Choice(picture, alert(), CATALOG, NOW)
    assert other.of(OPS, LISTS[OPS]).now == audience_of([2])
    assert other.of(MEMBERS, LISTS[MEMBERS]).left_out == {LeftOut.OTHER_LIST: 2}


def test_who_is_in_reserve_takes_nobodys_turn():
    many = audience_of(range(1, 11))
    picture = Directory(kinds={AddressKind.PHONE: many}, tags={"vip": many}, willing=many, contacts=range(11))
    choice = Choice(picture, alert(), CATALOG, NOW)
    assert choice.in_reserve(VIP, ListPolicy(kinds=PHONE, tag="vip", most=3)) == Reserve(many, 3)
    assert choice.of(EVERYONE, LISTS[EVERYONE]).now == many


def test_what_ends_at_this_moment_is_over():
    everybody = audience_of([1])
    kinds = {AddressKind.PHONE: everybody}
    for until, told in ((NOW, everybody), (NOW + timedelta(microseconds=1), NOBODY)):
        paused = Directory(kinds=kinds, willing=everybody, paused=((until, everybody),), contacts=(0, 1))
        muted = Directory(kinds=kinds, willing=everybody, muted=(Wish(EVERYTHING, everybody, until),), contacts=(0, 1))
        for one in (paused, muted):
            assert Choice(one, alert(), CATALOG, NOW).of(EVERYONE, LISTS[EVERYONE]).now == told
