"""The judge finds what is planted: a run in which it finds nothing proves something only if it could have."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

import pytest
from benchmarks.crash.books import Books, DeliveryRow
from benchmarks.crash_nodes.books import Doubt
from benchmarks.crash_nodes.judge import doubtful, guessed, recoveries, unheard
from benchmarks.crash_nodes.listener import Listener
from benchmarks.crash_nodes.troubles import Happened, Trouble

FIRST, SECOND, THIRD = (UUID(int=number) for number in (1, 2, 3))
PUBLISHED = [(1, FIRST, 9), (2, SECOND, 2), (3, THIRD, 5)]
KILLED = Happened(
    Trouble.KILLED, begun=100, over=110, since=100, node="a", lanes=frozenset({"discord:general", "job:retention"})
)


def listener(*heard: UUID, interest: Mapping[str, Any] | None = None, **more: Any) -> Listener:
    return Listener((), "", interest or {}, Random(0), heard=list(heard), **more)


def test_sockets_that_heard_what_they_asked_for_are_sound():
    narrow = listener(FIRST, THIRD, interest={"min_priority": 5})
    assert list(unheard([listener(FIRST, SECOND, THIRD), narrow], PUBLISHED)) == []


@pytest.mark.parametrize(
    ("word", "planted"),
    [
        ("missed 1 of 3", listener(FIRST, THIRD)),
        ("heard twice 1", listener(FIRST, SECOND, SECOND, THIRD)),
        ("another order", listener(SECOND, FIRST, THIRD)),
        ("not due 1", listener(FIRST, SECOND, THIRD, interest={"min_priority": 5})),
        ("turned away", listener(FIRST, SECOND, THIRD, refused=["44{}"])),
        ("not complete", listener(FIRST, SECOND, THIRD, gaps=1)),
    ],
)
def test_what_a_socket_did_not_hear_as_it_should_is_found(word: str, planted: Listener):
    assert word in "\n".join(unheard([planted], PUBLISHED))


def test_a_guess_is_allowed_where_nobody_can_be_asked():
    mail = DeliveryRow(1, FIRST, "email:desk", "possibly_sent", possibly_repeated=True)
    text = DeliveryRow(2, FIRST, "sms:crew", "delivered", possibly_repeated=False)
    books = Books({}, {1: mail, 2: text}, frozenset(), sound=True)
    once = {"email": Counter({1: 2}), "sms": Counter({2: 1})}
    assert list(guessed(books, once)) == []
    twice = {**once, "sms": Counter({2: 2})}
    assert "repeated: delivery 2" in "\n".join(guessed(books, twice))
    flagged = replace(books, deliveries={1: mail, 2: replace(text, possibly_repeated=True)})
    assert "guessed: delivery 2" in "\n".join(guessed(flagged, once))


@pytest.mark.parametrize(
    ("claimed", "doubted", "with_cause"),
    [(99, 104, True), (105, 120, True), (111, 112, True), (80, 99, False), (114, 115, False)],
)
def test_a_doubt_has_a_cause_where_a_trouble_lasted_meanwhile(claimed: float, doubted: float, with_cause: bool):  # noqa: FBT001 - of a table
    assert doubtful([Doubt(7, claimed, doubted)], [KILLED]) == (frozenset({7}) if with_cause else frozenset())


def test_a_lane_goes_on_when_another_node_sends_on_it():
    attempts = [
        ("discord:general", "a", 99.0),
        ("discord:general", "a", 100.5),
        ("discord:general", "b", 103.5),
        ("webhook:x", "b", 101.0),
    ]
    (known,) = recoveries([KILLED], attempts)
    assert (known.lane, known.seconds) == ("discord:general", 3.5)


def test_a_lane_on_which_nobody_sends_any_more_is_found():
    (known,) = recoveries([KILLED], [("discord:general", "a", 99.0)])
    assert known.seconds is None
