"""What nodes keep in memory has a version: it is another one after each change, and whoever changed it is told once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contract.books import GENERAL, HIGH, PHONE, Books, as_a_test, opened
from tests.contract.crowd import Crowd
from tests.contract.test_monitors import monitor
from tests.deadline import DEADLINE_S

from tocsin.core.clock import ManualClock
from tocsin.core.condition import Condition, What
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.errors import StaleDirectoryError
from tocsin.core.part import Part
from tocsin.ledger.contract import Glance, Item, Move, Submission, TokenRow


def token(clock: ManualClock, name: str = "aaaaaaaa") -> TokenRow:
    return TokenRow(id=name, name=name, digest="0" * 64, scopes=frozenset({"read"}), created_at=clock.now())


async def _disable(books: Books) -> None:
    await books.operations.disable(GENERAL, "operator", "")


async def _enable(books: Books) -> None:
    await books.operations.enable(GENERAL)


async def _make_token(books: Books) -> None:
    await books.operations.add_token(token(books.clock))


async def _revoke_token(books: Books) -> None:
    await books.operations.revoke_token("aaaaaaaa")


async def _hear_monitor(books: Books) -> None:
    await books.operations.keep_monitor(monitor(books.clock))


async def _forget_monitor(books: Books) -> None:
    await books.operations.forget_monitor("bestbuy-1")


async def _keep_condition(books: Books) -> None:
    await books.operations.keep_condition(
        Condition(what=What.SPEND_CAP, about="sms", began_at=books.clock.now(), detail="")
    )


async def _forget_condition(books: Books) -> None:
    await books.operations.forget_condition(What.SPEND_CAP, "sms")


async def _detect(books: Books) -> None:
    await books.append(books.detected("1"), decide=books.telling(GENERAL))


CHANGES: list[tuple[Callable[[Books], Awaitable[None]], Part]] = [
    (_disable, Part.TARGETS),
    (_enable, Part.TARGETS),
    (_make_token, Part.TOKENS),
    (_revoke_token, Part.TOKENS),
    (_hear_monitor, Part.MONITORS),
    (_forget_monitor, Part.MONITORS),
    (_keep_condition, Part.CONDITIONS),
    (_forget_condition, Part.CONDITIONS),
    (_detect, Part.STREAM),
]


async def test_each_change_raises_the_version_of_its_part_and_of_no_other(books: Books) -> None:
    for change, part in CHANGES:
        before = await books.operations.versions()
        await change(books)
        after = await books.operations.versions()
        assert {each for each in Part if after[each] != before[each]} == {part}, change


async def test_whoever_changed_something_is_told_after_the_commit(books: Books) -> None:
    told: asyncio.Queue[frozenset[Part]] = asyncio.Queue()
    books.ledger.on_change(told.put_nowait)
    for change, part in CHANGES[:-1]:
        await change(books)
        async with asyncio.timeout(DEADLINE_S):
            assert await told.get() == {part}
    assert told.empty()


async def test_people_raise_the_version_of_the_directory(books: Books, crowd: Crowd) -> None:
    told: asyncio.Queue[frozenset[Part]] = asyncio.Queue()
    books.ledger.on_change(told.put_nowait)
    before = await books.operations.versions()
    await crowd.telling()
    after = await books.operations.versions()
    assert after[Part.DIRECTORY] > before[Part.DIRECTORY]
    async with asyncio.timeout(DEADLINE_S):
        assert await told.get() == {Part.DIRECTORY}


async def test_a_token_that_is_kept_again_is_good_for_longer_unless_it_was_revoked(books: Books) -> None:
    end = books.clock.now() + timedelta(days=30)
    row = replace(token(books.clock), expires_at=end)
    for kept in (row, replace(row, expires_at=end + timedelta(days=1))):
        before = await books.operations.versions()
        await books.operations.keep_token(kept)
        assert await books.operations.tokens() == (kept,)
        assert (await books.operations.versions())[Part.TOKENS] > before[Part.TOKENS]
    await books.operations.revoke_token(row.id)
    await books.operations.keep_token(row)
    (ended,) = await books.operations.tokens()
    assert (ended.revoked_at is None, ended.expires_at) == (False, end + timedelta(days=1))


async def test_what_is_decided_by_old_targets_is_refused(books: Books) -> None:
    version = (await books.operations.versions())[Part.TARGETS]
    await _disable(books)
    submission = Submission((Item(books.detected()),))
    with pytest.raises(StaleDirectoryError):
        await books.queue.append(submission, books.telling(GENERAL), targets=version)
    await books.queue.append(submission, books.telling(HIGH), targets=version + 1)


async def test_a_retry_is_told_to_the_lanes_of_others(books: Books) -> None:
    await books.append(books.detected("1"), decide=books.telling(GENERAL))
    await books.operations.disable(GENERAL, "operator", "")
    delivery = (await books.deliveries())[GENERAL]
    before = await books.operations.versions()
    life = timedelta(minutes=1)
    retry = Move(key=delivery.key, fence=delivery.fence, to=DeliveryState.PENDING, why=Why.RETRIED, life=life)
    assert (await books.queue.move([retry])).deliveries
    assert (await books.operations.versions())[Part.LANES] > before[Part.LANES]


@pytest.fixture
async def pair(on_postgresql: str, clock: ManualClock) -> AsyncIterator[tuple[Books, Books]]:
    async with opened(on_postgresql, clock, shared=True) as one, opened(on_postgresql, clock, shared=True) as other:
        yield one, other


async def glance(books: Books, newest: int | None = None) -> Glance:
    assert books.ledger.cluster is not None
    return await books.ledger.cluster.glance(newest)


async def test_another_node_sees_at_a_glance_what_changed(pair: tuple[Books, Books]) -> None:
    one, other = pair
    for change, part in CHANGES:
        before = await glance(other)
        await change(one)
        after = await glance(other)
        assert {each for each in Part if after.versions[each] != before.versions[each]} == {part}, change


async def test_another_node_sees_which_lanes_have_got_deliveries_since(pair: tuple[Books, Books]) -> None:
    one, other = pair
    begun = await glance(other)
    assert begun.lanes == frozenset()
    await one.append(one.detected("1"), decide=one.telling(GENERAL, HIGH))
    await one.append(one.detected("2"), decide=as_a_test(one.clock, PHONE))
    seen = await glance(other, begun.newest)
    assert seen.lanes == {str(GENERAL), str(HIGH), str(PHONE)}
    assert (await glance(other, seen.newest)).lanes == frozenset()
    assert (await glance(other)).lanes == frozenset(), "who begins asks for none of what was before"


async def test_what_one_node_disables_no_other_plans_for(pair: tuple[Books, Books]) -> None:
    one, other = pair
    version = (await other.operations.versions())[Part.TARGETS]
    await one.operations.disable(GENERAL, "operator", "")
    with pytest.raises(StaleDirectoryError):
        await other.queue.append(Submission((Item(other.detected()),)), other.telling(GENERAL), targets=version)
