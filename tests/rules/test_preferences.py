"""What people want to hear: read whole, or refused with everything that is wrong."""

import json
from contextlib import suppress
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import InvalidRequestError
from tocsin.rules.match import EVERYTHING, Match
from tocsin.rules.preferences import ByChannel, Mute, Preferences, Quiet, parse_preferences
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
    assert parse_preferences({}) == Preferences()
    assert Preferences().by("sms") == ByChannel(match=EVERYTHING)
    assert parse_preferences({"quiet": None, "channels": {"sms": {"per_day": None}}}).by("sms").per_day is None


def test_quiet_hours_are_those_of_the_persons_zone():
    quiet = parse_preferences({"quiet": {"from": "23:00", "to": "07:00"}}).quiet
    assert quiet is not None
    rule = quiet.rule(ZoneInfo("America/New_York"))
    assert (rule.do, rule.hours.zone.key, rule.hours.loud) == (QuietAction.HOLD, "America/New_York", None)


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
