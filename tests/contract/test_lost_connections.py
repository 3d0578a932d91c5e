"""PostgreSQL goes away and comes back, in the middle of things: nothing is lost, and nothing is done twice."""

import asyncio
import re
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DBAPIError
from tests.contract.books import Books, opened
from tests.contract.cable import Cable, Cut, cable
from tests.contract.crowd import Crowd, phone
from tests.deadline import DEADLINE_S

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import LedgerNewerError, LedgerUnavailableError
from tocsin.ledger.contract import Claim
from tocsin.ledger.engine.connections import parse_url, writing_engine
from tocsin.ledger.engine.schema import stream
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.engine.writer import Rank, Turn, Writer
from tocsin.ledger.ledger import SqlLedger

LOCK = text("SELECT pg_advisory_xact_lock(:number)")
CUTS = [pytest.param(cut, id=cut.name.lower()) for cut in Cut]


@pytest.fixture
async def line(on_postgresql: str) -> AsyncIterator[Cable]:
    with tempfile.TemporaryDirectory(prefix="tocsin-", dir="/tmp") as folder:
        async with cable(on_postgresql, Path(folder)) as laid:
            yield laid


@pytest.fixture
async def far(line: Cable, clock: ManualClock) -> AsyncIterator[Books]:
    """A ledger at the other end of the cable."""
    async with asyncio.timeout(DEADLINE_S), opened(line.url, clock, shared=True) as books:
        yield books


async def skus(books: Books) -> list[str]:
    return [event.record.alert.sku for event in await books.history.events(0, 100)]


async def until_claimed(books: Books) -> Claim:
    """A lane is looked at again: the session that was lost may still have its hand on what is due."""
    while (claim := await books.claim()) is None:
        pass
    return claim


@pytest.mark.parametrize("where", CUTS)
async def test_an_append_whose_answer_was_lost_is_kept_once(far: Books, line: Cable, where: Cut):
    line.cut(where)
    appended = await far.append(far.detected("1"))
    assert line.cuts == 1
    assert [answer["decision"] for answer in appended.answers] == ["accepted"]
    await far.append(far.detected("2"))
    assert await skus(far) == ["1", "2"]
    assert [event.position for event in await far.history.events(0, 10)] == [1, 2]


@pytest.mark.parametrize("where", CUTS)
async def test_a_claim_whose_answer_was_lost_is_made_once_and_known(far: Books, line: Cable, where: Cut):
    await far.append(far.detected("1"))
    line.cut(where)
    claim = await until_claimed(far)
    assert line.cuts == 1
    await far.settle(claim, DeliveryState.SENT)
    (delivery,) = (await far.history.deliveries(limit=10)).items
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENT, 1)


@pytest.mark.parametrize("where", CUTS)
async def test_an_outcome_whose_answer_was_lost_is_settled_once(far: Books, line: Cable, where: Cut):
    await far.append(far.detected("1"))
    claim = await far.claimed()
    line.cut(where)
    moved = await far.settle(claim, DeliveryState.SENT)
    assert line.cuts == 1
    assert [delivery.state for delivery in moved.deliveries] == [DeliveryState.SENT]


@pytest.mark.parametrize("where", CUTS)
async def test_a_contact_whose_answer_was_lost_is_entered_once(far: Books, line: Cable, where: Cut):
    crowd = Crowd(far.ledger.people)
    await crowd.meet("Grace")
    line.cut(where)
    ada = await crowd.meet("Ada", phone())
    assert line.cuts == 1
    assert (await crowd.look(ada)).name == "Ada"


@pytest.mark.parametrize("where", [Cut.ON_THE_WAY, Cut.ON_THE_WAY_BACK])
async def test_while_nobody_knows_senders_are_told_so_and_the_same_key_gets_one_answer(
    far: Books, line: Cable, where: Cut
):
    line.cut(where, out=True)
    with pytest.raises(LedgerUnavailableError, match="nobody knows yet"):
        await far.append(far.detected("1"), key="k")
    with pytest.raises(LedgerUnavailableError, match="does not answer"):
        await far.append(far.detected("2"))
    line.put_in()
    await far.append(far.detected("1"), key="k")
    assert await skus(far) == ["1"]


@pytest.mark.parametrize("where", [Cut.ON_THE_WAY, Cut.ON_THE_WAY_BACK])
async def test_while_nobody_knows_a_claim_waits_and_nothing_is_left_in_limbo(far: Books, line: Cable, where: Cut):
    await far.append(far.detected("1"))
    line.cut(where, out=True)
    claiming = asyncio.create_task(far.claim())
    await line.until_refused(2)
    assert not claiming.done()
    line.put_in()
    try:
        claim = await claiming
    except LedgerUnavailableError:
        assert where is Cut.ON_THE_WAY
        claim = None
    claim = claim or await until_claimed(far)
    await far.settle(claim, DeliveryState.SENT)
    (delivery,) = (await far.history.deliveries(limit=10)).items
    assert (delivery.state, delivery.attempts) == (DeliveryState.SENT, 1)


async def test_who_waits_for_a_lost_answer_is_not_left_waiting_at_the_end(line: Cable, clock: ManualClock):
    async with opened(line.url, clock, shared=True) as books:
        await books.append(books.detected("1"))
        line.cut(Cut.ON_THE_WAY_BACK, out=True)
        claiming = asyncio.create_task(books.claim())
        await line.until_refused(1)
    with pytest.raises(LedgerUnavailableError, match="nobody knows yet"):
        await claiming


async def test_sessions_that_are_terminated_cost_nobody_an_answer(far: Books, on_postgresql: str):
    """As a failover, a restart of a pooler, or somebody with `pg_terminate_backend` does."""
    with psycopg.connect(on_postgresql, autocommit=True) as other:
        for number in range(5):
            await far.append(far.detected(str(number)))
            ended = other.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE application_name = 'tocsin' AND datname = current_database()"
            ).fetchall()
            assert (True,) in ended
            assert len(await skus(far)) == number + 1
    await far.append(far.detected("last"))
    assert len(await skus(far)) == 6


async def test_who_is_stopped_in_the_middle_of_a_transaction_does_not_keep_the_locks(far: Books, on_postgresql: str):
    stopped = writing_engine(parse_url(on_postgresql))
    with stopped.connect() as connection:
        connection.execute(select(stream).with_for_update())
        await far.append(far.detected("1"))
        with pytest.raises(DBAPIError, match="idle-in-transaction"):
            connection.execute(select(stream))
    stopped.dispose()


async def test_whoever_has_no_driver_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, clock: ManualClock):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LedgerUnavailableError, match=re.escape("pip install 'tocsin[postgres]'")):
        async with opened("postgresql://nowhere/none", clock):
            pass


@pytest.mark.parametrize("wrong", [{"database": "nobodys"}, {"username": "nobody"}], ids=repr)
async def test_a_wrong_address_is_told_with_its_remedy(on_postgresql: str, clock: ManualClock, wrong: dict[str, str]):
    url = make_url(on_postgresql).set(**wrong).render_as_string(hide_password=False)
    with pytest.raises(LedgerUnavailableError, match="mend user, password or database"):
        async with opened(url, clock):
            pass


async def test_several_nodes_begin_at_once_on_an_empty_database(on_postgresql: str, clock: ManualClock):
    with psycopg.connect(on_postgresql, autocommit=True) as other:
        other.execute("DROP SCHEMA public CASCADE")
        other.execute("CREATE SCHEMA public")

    async def epoch() -> str:
        async with opened(on_postgresql, clock, shared=True) as books:
            return books.ledger.epoch

    assert len(set(await asyncio.gather(*(epoch() for _ in range(3))))) == 1


async def test_an_older_node_goes_on_beside_a_newer_schema_also_when_its_connection_breaks(
    far: Books, line: Cable, on_postgresql: str, clock: ManualClock
):
    with psycopg.connect(on_postgresql, autocommit=True) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    line.cut(Cut.ON_THE_WAY)
    await far.append(far.detected("1"))
    assert await skus(far) == ["1"]
    with pytest.raises(LedgerNewerError, match="9999"):
        async with opened(on_postgresql, clock, shared=True):
            pass


async def test_a_writer_that_ends_in_good_order_leaves_nothing_behind(on_postgresql: str, clock: ManualClock):
    async with opened(on_postgresql, clock, shared=True) as books:
        await books.append(books.detected("1"))
        with psycopg.connect(on_postgresql) as other:
            assert other.execute("SELECT number FROM last_commits").fetchall() == [(1,)]
    with psycopg.connect(on_postgresql) as other:
        assert other.execute("SELECT number FROM last_commits").fetchall() == []


async def test_two_nodes_in_each_others_way_both_come_to_an_end(on_postgresql: str, clock: ManualClock):
    """PostgreSQL ends one of two that wait for each other in a circle: it does its work once more."""
    both_have_one = threading.Barrier(2)

    def crosswise(first: int, second: int) -> Callable[[Transaction, Sequence[None]], Sequence[bool]]:
        begun = iter([both_have_one.wait])

        def work(transaction: Transaction, calls: Sequence[None]) -> Sequence[bool]:
            transaction.rows(LOCK, number=first)
            for meet in begun:  # the first time only
                meet(DEADLINE_S)
            transaction.rows(LOCK, number=second)
            return [True for _ in calls]

        return work

    async with opened(on_postgresql, clock, shared=True) as a, opened(on_postgresql, clock, shared=True) as b:
        done = await asyncio.gather(
            writer_of(a).do(Turn(Rank.UPKEEP), crosswise(1, 2), None),
            writer_of(b).do(Turn(Rank.UPKEEP), crosswise(2, 1), None),
        )
    assert done == [True, True]


def writer_of(books: Books) -> Writer:
    assert isinstance(books.ledger, SqlLedger)
    return books.ledger._writer
