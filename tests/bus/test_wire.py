"""A hint comes out as it went in; what cannot be written or read is a hint that there is something."""

from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.bus.conftest import NOON, event

from tocsin.bus.wire import LARGEST, SOMETHING, Beat, Changes, Events, Hint, Lanes, packed, unpacked
from tocsin.core.alert import AlertType
from tocsin.core.clock import from_micros
from tocsin.core.part import Part

MOMENTS = st.integers(0, 4 * 10**15).map(from_micros)
TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
EVENTS = st.builds(
    event,
    st.integers(1, 2**62),
    type=st.sampled_from(AlertType),
    price=st.none() | st.decimals(0, 10**12, places=6),
    timestamp=MOMENTS,
    product_name=TEXTS,
    variant=TEXTS,
    metadata=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.none() | st.booleans() | TEXTS),
)
HINTS = (
    st.lists(EVENTS, min_size=1, max_size=3).map(Events)
    | st.lists(st.sampled_from(Part), min_size=1, unique=True).map(sorted).map(Changes)
    | st.lists(st.text(st.characters(exclude_categories=["Cs"]))).map(sorted).map(Lanes)
    | st.booleans().map(Beat)
)


@settings(max_examples=50)
@given(HINTS)
def test_a_hint_comes_out_as_it_went_in(hint: Hint) -> None:
    assert unpacked(packed("one", hint)) == ("one", hint)


@pytest.mark.parametrize(
    "hint",
    [
        Events([event(1, product_name="x" * LARGEST)]),
        Events([event(1, metadata={"stock": 2**70})]),
        Events([event(1, metadata={"name": "\ud800"})]),
    ],
    ids=["too long", "a number that is too large", "half a character"],
)
def test_what_cannot_be_written_is_looked_for_in_the_ledger(hint: Hint) -> None:
    assert unpacked(packed("one", hint)) == ("one", SOMETHING)


def test_metadata_that_cannot_be_changed_is_written_as_it_is() -> None:
    told = event(1, metadata=MappingProxyType({"stock": 3, "previous_price": Decimal("1.50")}))
    ((_, hint),) = [unpacked(packed("one", Events([told])))]
    assert isinstance(hint, Events)
    assert hint.events[0].record.alert.metadata == {"stock": 3, "previous_price": "1.50"}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff",
        b"[]",
        b'"one"',
        b"{}",
        b'{"from":"one","events":[{}]}',
        b'{"from":"one","events":3}',
        b'{"from":"one","something":"of a later version"}',
    ],
)
def test_what_cannot_be_read_is_a_hint_that_there_is_something(message: bytes) -> None:
    assert unpacked(message)[1] == SOMETHING


def test_parts_that_only_another_version_knows_are_left_out() -> None:
    assert unpacked(orjson.dumps({"from": "one", "changes": ["tokens", "moods"]})) == ("one", Changes([Part.TOKENS]))
    assert unpacked(orjson.dumps({"from": "one", "changes": ["moods"]})) == ("one", SOMETHING)


def test_fields_that_only_another_version_knows_are_left_out() -> None:
    told = event(1)
    message = orjson.loads(packed("one", Events([told])))
    message["events"][0]["record"]["alert"]["mood"] = "good"
    assert unpacked(orjson.dumps(message)) == ("one", Events([told]))
    assert told.at == NOON > told.record.alert.timestamp + timedelta()
