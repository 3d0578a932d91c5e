"""What people want to hear: read whole, or refused with everything that is wrong."""

import json
from contextlib import suppress
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import CATALOG, HOUR, MINUTE, NOW, alert

from tocsin.core.address import AddressState, AddressWhy, Consent
from tocsin.core.consent import Standing
from tocsin.core.decision import LeftOut
from tocsin.core.errors import InvalidRequestError
from tocsin.rules.match import EVERYTHING, Match
from tocsin.rules.preferences import NO_WISHES, ByChannel, Mute, Person, Preferences, Quiet, parse_preferences
from tocsin.rules.quiet import QuietAction

EVERYTHING_SAID = {
    "match": {"families": ["rtx50"]},
    "mute": [{"match": {"products": ["rtx-5090-fe"]}, "until": "2026-12-01T01:00:00+01:00", "why": "bought"}],
    "channels": {
        "sms": {"on": True, "match": {"min_priority": 8}, "per_day": 10},
        "push": {"on": True, "sound": "siren"},
        "email": {"on": False, "digest": "daily"},
    },
    "order": ["push", "sms", "email"],
    "one_channel": True,
    "quiet": {"from": "23:00", "to": "07:00", "do": "drop", "except": {"min_priority": 10}},
}


def test_everything_that_can_be_said_is_read():
    assert parse_preferences(EVERYTHING_SAID) == Preferences(
        match=Match(families=frozenset({"rtx50"})),
        mute=(
            Mute(
                match=Match(products=frozenset({"rtx-5090-fe"})),
                until=datetime(2026, 12, 1, tzinfo=UTC),
                why="bought",
            ),
        ),
        channels={
            "sms": ByChannel(match=Match(min_priority=8), per_day=10),
            "push": ByChannel(sound="siren"),
            "email": ByChannel(on=False, digest="daily"),
        },
        order=("push", "sms", "email"),
        one_channel=True,
        quiet=Quiet(start=time(23), end=time(7), do=QuietAction.DROP, loud=Match(min_priority=10)),
    )


def test_who_says_nothing_hears_everything():
    assert parse_preferences({}) == NO_WISHES
    assert NO_WISHES.by("sms") == ByChannel(match=EVERYTHING)
    assert parse_preferences({"quiet": None, "channels": {"sms": {"per_day": None}}}).by("sms").per_day is None


def test_quiet_hours_are_those_of_the_persons_zone():
    quiet = parse_preferences({"quiet": {"from": "23:00", "to": "07:00"}}).quiet
    assert quiet is not None
    rule = quiet.rule(ZoneInfo("America/New_York"))
    assert (rule.do, rule.hours.zone.key, rule.hours.loud) == (QuietAction.HOLD, "America/New_York", None)


def test_a_mute_ends_when_it_says():
    until = datetime(2026, 12, 1, tzinfo=UTC)
    assert Mute(match=EVERYTHING, until=until).holds(datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    assert not Mute(match=EVERYTHING, until=until).holds(until)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"mach": {}}, "mach"),
        ({"match": []}, "match"),
        ({"match": {"skuss": []}}, "match.skuss"),
        ({"match": {"unrouted": True}}, "match.unrouted"),
        ({"mute": {}}, "mute"),
        ({"mute": [{}]}, "mute.0.match"),
        ({"mute": [{"match": {"skus": ["1"]}, "until": "tomorrow"}]}, "mute.0.until"),
        ({"mute": [{"match": {"skus": ["1"]}, "until": "2026-12-01T00:00:00"}]}, "mute.0.until"),
        ({"mute": [{"match": {"skus": ["1"]}}] * 501}, "mute"),
        ({"channels": {"fax": {}}}, "channels.fax"),
        ({"channels": {"sms": {"on": "yes"}}}, "channels.sms.on"),
        ({"channels": {"sms": {"per_day": 0}}}, "channels.sms.per_day"),
        ({"channels": {"sms": {"per_day": True}}}, "channels.sms.per_day"),
        ({"channels": {"push": {"sound": "x\n"}}}, "channels.push.sound"),
        ({"channels": {"email": {"digest": "hourly"}}}, "channels.email.digest"),
        ({"order": ["sms", "sms"]}, "order"),
        ({"order": ["fax"]}, "order"),
        ({"order": [["sms"]]}, "order"),
        ({"one_channel": 1}, "one_channel"),
        ({"quiet": {"from": "23:00"}}, "quiet.to"),
        ({"quiet": {"from": "23:00", "to": "23:00"}}, "quiet.to"),
        ({"quiet": {"from": "24:00", "to": "07:00"}}, "quiet.from"),
        ({"quiet": {"from": "23:00", "to": "07:00", "do": "shout"}}, "quiet.do"),
        ({"quiet": {"from": "23:00", "to": "07:00", "except": {"x": 1}}}, "quiet.except.x"),
        ({"quiet": "night"}, "quiet"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(change: dict, path: str):
    with pytest.raises(InvalidRequestError) as refused:
        parse_preferences(EVERYTHING_SAID | change)
    assert refused.value.details[0].path == path


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(InvalidRequestError) as refused:
        parse_preferences({"one_channel": 1, "order": 3, "quiet": 4, "match": 5})
    assert {detail.path for detail in refused.value.details} == {"one_channel", "order", "quiet", "match"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from([*EVERYTHING_SAID, "x"])


@given(st.dictionaries(KEYS, JSON) | JSON)
def test_any_json_is_preferences_or_refused(value):
    with suppress(InvalidRequestError):
        parse_preferences(json.loads(json.dumps(value)))


WILLING = Standing(AddressState.ACTIVE, None, Consent.GRANTED)
NEW_YORK = ZoneInfo("America/New_York")
ASLEEP = {"from": "06:00", "to": "08:00"}  # NOW is 7 o'clock in New York


def person(standing: Standing = WILLING, **how: Any) -> Person:
    wishes = {key: how.pop(key) for key in EVERYTHING_SAID if key in how}
    return Person(standing=standing, zone=NEW_YORK, preferences=parse_preferences(wishes), **how)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (person(), None),
        (person(Standing(AddressState.SUPPRESSED, AddressWhy.STOP, Consent.WITHDRAWN)), LeftOut.SUPPRESSED),
        (person(Standing(AddressState.DEAD, AddressWhy.BOUNCED, Consent.GRANTED)), LeftOut.CONSENT),
        (person(Standing(AddressState.UNVERIFIED, None, Consent.GRANTED)), LeftOut.CONSENT),
        (person(Standing(AddressState.ACTIVE, None, Consent.NONE)), LeftOut.CONSENT),
        (person(paused_until=NOW + MINUTE), LeftOut.PAUSED),
        (person(paused_until=NOW), None),
        (person(mute=[{"match": {"families": ["rtx50"]}}]), LeftOut.MUTED),
        (person(mute=[{"match": {"families": ["console"]}}]), None),
        (person(mute=[{"match": {"families": ["rtx50"]}, "until": "2026-03-02T12:00:00Z"}]), None),
        (person(match={"families": ["console"]}), LeftOut.MATCH),
        (person(channels={"sms": {"on": False}}), LeftOut.CHANNEL),
        (person(channels={"sms": {"match": {"min_priority": 10}}}), LeftOut.CHANNEL),
        (person(channels={"push": {"on": False}}), None),
        (person(channels={"sms": {"per_day": 2}}, told_today=2), LeftOut.PER_DAY),
        (person(channels={"sms": {"per_day": 2}}, told_today=1), None),
        (person(quiet=ASLEEP | {"do": "drop"}), LeftOut.QUIET),
        (person(quiet=ASLEEP | {"do": "drop", "except": {"min_priority": 9}}), None),
        (person(quiet=ASLEEP), None),
    ],
)
def test_why_a_person_is_not_told(told: Person, why: LeftOut | None):
    assert told.left_out("sms", alert(), CATALOG, NOW) is why


# Each shuts the person off for one reason; together the first of them is the one that is told.
SHUT: dict[LeftOut, dict[str, Any]] = {
    LeftOut.SUPPRESSED: {"standing": Standing(AddressState.SUPPRESSED, AddressWhy.STOP, Consent.WITHDRAWN)},
    LeftOut.CONSENT: {"standing": Standing()},
    LeftOut.PAUSED: {"paused_until": NOW + MINUTE},
    LeftOut.MUTED: {"mute": [{"match": {"families": ["rtx50"]}}]},
    LeftOut.MATCH: {"match": {"families": ["console"]}},
    LeftOut.CHANNEL: {"channels": {"sms": {"on": False, "per_day": 1}}},
    LeftOut.PER_DAY: {"channels": {"sms": {"per_day": 1}}, "told_today": 1},
    LeftOut.QUIET: {"quiet": ASLEEP | {"do": "drop"}},
}


@given(st.sets(st.sampled_from(list(SHUT)), min_size=1))
def test_of_several_reasons_the_one_that_is_decided_first_is_told(reasons: set[LeftOut]):
    ordered = [reason for reason in LeftOut if reason in reasons]
    how: dict[str, Any] = {}
    for reason in reversed(ordered):
        how |= SHUT[reason] | ({"told_today": 1} if reason is LeftOut.PER_DAY else {})
    assert person(**how).left_out("sms", alert(), CATALOG, NOW) is ordered[0]


def test_what_waits_for_the_end_of_the_night_is_told_then():
    asleep = person(quiet=ASLEEP)
    assert asleep.held_until(alert(), CATALOG, NOW) == NOW + HOUR
    assert asleep.held_until(alert(), CATALOG, NOW + HOUR) is None
    assert asleep.held_until(alert(), CATALOG, NOW, critical=True) is None
    assert person(quiet=ASLEEP | {"do": "drop"}).held_until(alert(), CATALOG, NOW) is None
    assert person().held_until(alert(), CATALOG, NOW) is None


def test_what_an_operator_calls_critical_passes_mutes_and_quiet_hours_and_never_consent():
    def why(**how: Any) -> LeftOut | None:
        return person(**how).left_out("sms", alert(), CATALOG, NOW, critical=True)

    assert why(**SHUT[LeftOut.MUTED]) is None
    assert why(**SHUT[LeftOut.QUIET]) is None
    for reason in (LeftOut.SUPPRESSED, LeftOut.CONSENT, LeftOut.PAUSED):
        assert why(**SHUT[reason]) is reason
