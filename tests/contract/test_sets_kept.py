"""Sets on disk: how long they are kept, and what becomes of deliveries that were written before there were any."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from tests.contract.books import GENERAL, Books, opened, plan
from tests.contract.crowd import Crowd, phone
from tests.contract.older import older

from tocsin.core.clock import ManualClock
from tocsin.core.decision import Accepted, Chosen, LeftOut, Reason, Ruling
from tocsin.core.delivery import DeliveryState, Target
from tocsin.core.recipients import audience_of
from tocsin.ledger.engine.connections import parse_url, reading_engine, writing_engine
from tocsin.ledger.engine.schema import audiences, deliveries

VIP = Target("sms", "vip")


def for_two(books: Books, people: tuple[int, ...] = (1, 5000)) -> Ruling:
    chosen = Chosen(now=audience_of(people), left_out={LeftOut.QUIET: 3})
    return Accepted(Reason.NEW, (plan(VIP, clock=books.clock, people=chosen),))


def count(place: str) -> tuple[int, int]:
    """Deliveries, and what is kept beside them."""
    engine = reading_engine(parse_url(place))
    with engine.connect() as connection:
        found = tuple(connection.scalar(select(func.count()).select_from(table)) for table in (deliveries, audiences))
    engine.dispose()
    return found[0] or 0, found[1] or 0


async def test_an_alert_is_kept_while_somebody_waits_and_forgotten_with_its_sets(books: Books, place: str):
    await books.append(books.detected(), decide=lambda *_: for_two(books))
    assert count(place) == (2, 1)
    now = books.clock.now()
    assert await books.history.prune(now + timedelta(days=1)) == 0
    books.clock.advance(3600)
    (one, other) = (await books.ledger.queue.expire()).deliveries
    assert (one.people, other.people, one.slot) == (1, 1, None)
    await books.close(books.detected())
    assert await books.history.prune(books.clock.now() + timedelta(days=1)) == 1
    assert count(place) == (0, 0)


async def test_a_lane_counts_people_and_not_their_sets(books: Books):
    crowd = Crowd(books.ledger.people)
    slots = [(await crowd.telling(f"{each}", phone(f"+1415555{each:04}")))[1].slot for each in range(5)]
    await books.append(books.detected(), decide=lambda *_: for_two(books, tuple(slots)))
    await books.claimed(VIP)
    (lane,) = await books.ledger.queue.lanes()
    assert (sum(lane.pending.values()), lane.sending) == (4, 1)
    assert sum(row.count for row in await books.history.waiting()) == 5


async def test_an_alert_for_ten_thousand_is_three_rows(books: Books, place: str):
    await books.append(books.detected(), decide=lambda *_: for_two(books, tuple(range(1, 10_001))))
    assert count(place) == (3, 1)


_BEFORE = """
    INSERT INTO deliveries (key, alert, target, lane, priority, state, fence, attempts, planned_at, due, expires_at,
                            moved_at, possibly_repeated, detail, episode)
    VALUES (:key, 1, :target, 'discord:general', 9, 'pending', 0, 0, 0, 0, 9000000000000000, 0, false, '', 1)
"""
_ALERT = """
    INSERT INTO alerts (key, id, type, priority, sku, retailer, currency, detected_at, metadata, accepted_at, decision,
                        reason, repeats, last_seen_at, episode)
    VALUES (1, :id, 'in_stock', 9, 'old', 'bestbuy', 'USD', 0, '{}', 0, 'accepted', 'new', 0, 0, 1)
"""


async def test_deliveries_of_before_are_for_nobody_in_particular_and_one_a_target(
    place: str, tmp_path: Path, clock: ManualClock
):
    with older(place, tmp_path, "0009") as (there, connection):
        connection.execute(text(_ALERT), {"id": UUID(int=1).hex})
        connection.execute(text(_BEFORE), {"key": 1, "target": str(GENERAL)})
    async with opened(there, clock) as books:
        (old,) = (await books.history.deliveries()).items
        assert (old.slot, old.people, old.size, old.state) == (None, None, 1, DeliveryState.PENDING)
        assert (await books.claimed()).members[0][0].key == 1
    engine = writing_engine(parse_url(there))
    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(text(_BEFORE), {"key": 2, "target": str(GENERAL)})
    engine.dispose()
