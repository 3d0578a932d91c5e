"""Clicks: a person follows one link after the other; a program that checks a message follows all of them at once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.contract.books import Books
from tests.contract.crowd import CONFIRMED, Crowd, phone
from tests.contract.test_sets import VIP, for_people

from tocsin.core.click import SEVERAL, Click, ClickKind
from tocsin.ledger.engine.connections import parse_url, writing_engine
from tocsin.ledger.engine.schema import clicks, deliveries
from tocsin.rules.click import TOGETHER

PERSON, SUSPECT, ROBOT = ClickKind.PERSON, ClickKind.SUSPECT, ClickKind.ROBOT
MOMENT = timedelta(milliseconds=1)


@pytest.fixture
async def links(books: Books, crowd: Crowd, place: str) -> list[int]:
    """The deliveries to two people: of one message about two alerts to the first, and of each alert to the second."""
    slots = []
    for number in ("+14155550101", "+14155550102"):
        slots.append((await crowd.add(await crowd.meet(number), phone(number), CONFIRMED)).slot)
    made = []
    for sku in ("1", "2"):
        await books.append(books.detected(sku), decide=for_people(books, slots))
        made += [await books.claimed(VIP, limit=1) for _ in slots]
    keys = [claim.members[0][0].key for claim in made]
    engine = writing_engine(parse_url(place))
    with engine.begin() as connection:
        connection.execute(update(deliveries).where(deliveries.c.key == keys[2]).values(attempt=made[0].key))
    engine.dispose()
    return keys


def kept(place: str) -> Sequence[tuple[int, str, str]]:
    engine = writing_engine(parse_url(place))
    with engine.connect() as connection:
        rows = connection.execute(select(clicks).order_by(clicks.c.key)).all()
    engine.dispose()
    return [(row.delivery, row.kind, row.why) for row in rows]


# The same message's links, the other one's, or the other person's; how much later; what both clicks are then.
TWO_CLICKS: list[tuple[str, int, timedelta, ClickKind, ClickKind]] = [
    ("two links of one message at once", 2, timedelta(0), SUSPECT, SUSPECT),
    ("just within the time", 2, TOGETHER - MOMENT, SUSPECT, SUSPECT),
    ("one after the other", 2, TOGETHER, PERSON, PERSON),
    ("the same link twice", 0, timedelta(0), PERSON, PERSON),
    ("the link of somebody else", 1, timedelta(0), PERSON, PERSON),
]


@pytest.mark.parametrize(("about", "second", "later", "one", "other"), TWO_CLICKS, ids=[row[0] for row in TWO_CLICKS])
async def test_who_follows_several_links_of_a_message_at_once_is_suspect(
    books: Books, links: list[int], place: str, about: str, second: int, later: timedelta, one: Any, other: Any
):
    now = books.clock.now()
    await books.history.click(links[0], Click(now, PERSON, ""), TOGETHER)
    await books.history.click(links[second], Click(now + later, PERSON, ""), TOGETHER)
    why = {PERSON: "", SUSPECT: SEVERAL}
    assert kept(place) == [(links[0], one, why[one]), (links[second], other, why[other])], about


async def test_a_robot_makes_nobody_suspect_and_stays_one(books: Books, links: list[int], place: str):
    now = books.clock.now()
    for delivery, kind, why in (
        (links[0], PERSON, ""),
        (links[2], ROBOT, "head"),
        (links[2], SUSPECT, "too_soon"),
    ):
        await books.history.click(delivery, Click(now, kind, why), TOGETHER)
    assert [(kind, why) for _, kind, why in kept(place)] == [
        (SUSPECT, SEVERAL),
        (ROBOT, "head"),
        (SUSPECT, "too_soon"),
    ]
