"""Clicks: a person follows one link after the other; a program that checks a message follows all of them at once."""

from collections.abc import Sequence
from datetime import timedelta

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
    numbers = ("+14155550101", "+14155550102")
    slots = [(await crowd.add(await crowd.meet(one), phone(one), CONFIRMED)).slot for one in numbers]
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


# Whose link the second one is, how much later it is followed, and what both clicks are then.
TWO_CLICKS = {
    "two links of one message at once": (2, timedelta(0), SUSPECT),
    "just within the time": (2, TOGETHER - MOMENT, SUSPECT),
    "one after the other": (2, TOGETHER, PERSON),
    "the same link twice": (0, timedelta(0), PERSON),
    "the link of somebody else": (1, timedelta(0), PERSON),
}


@pytest.mark.parametrize("told", TWO_CLICKS.values(), ids=TWO_CLICKS)
async def test_who_follows_several_links_of_a_message_at_once_is_suspect(
    books: Books, links: list[int], place: str, told: tuple[int, timedelta, ClickKind]
):
    second, later, both = told
    now = books.clock.now()
    await books.history.click(links[0], Click(now, PERSON, ""), TOGETHER)
    await books.history.click(links[second], Click(now + later, PERSON, ""), TOGETHER)
    why = SEVERAL if both is SUSPECT else ""
    assert kept(place) == [(links[0], both, why), (links[second], both, why)]


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
