from dataclasses import replace
from datetime import timedelta

from tests.contract.books import Books, opened

from tocsin.core.clock import ManualClock
from tocsin.core.monitor import Monitor


def monitor(clock: ManualClock, name: str = "bestbuy-1") -> Monitor:
    now = clock.now()
    return Monitor(
        id=name,
        retailer="bestbuy",
        skus=("6634940", "ünïcode"),
        interval=timedelta(seconds=2.5),
        registered_at=now,
        heard_at=now,
    )


async def test_a_monitor_is_kept_as_it_was_last_heard(place: str, clock: ManualClock) -> None:
    first = monitor(clock)
    lost = replace(first, retailer="newegg", skus=(), lost_at=clock.now() + timedelta(seconds=9))
    async with opened(place, clock) as books:
        assert await books.operations.monitors() == ()
        await books.operations.keep_monitor(first)
        assert await books.operations.monitors() == (first,)
        await books.operations.keep_monitor(lost)
    async with opened(place, clock) as books:
        assert await books.operations.monitors() == (lost,)


async def test_monitors_are_listed_by_id_and_forgotten_once(books: Books, clock: ManualClock) -> None:
    for name in ("b", "a", "c"):
        await books.operations.keep_monitor(monitor(clock, name))
    assert await books.operations.forget_monitor("b")
    assert not await books.operations.forget_monitor("b")
    assert [kept.id for kept in await books.operations.monitors()] == ["a", "c"]
