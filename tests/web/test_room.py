"""Room that many share."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.deadline import DEADLINE_S
from tests.web.house import House, bearer

from tocsin.web import body
from tocsin.web.room import Room


async def test_who_finds_too_little_waits_his_turn_and_nobody_overtakes():
    room, came = Room(10), list[str]()

    async def come(name: str, size: int) -> None:
        await room.take(size)
        came.append(name)

    tasks = [asyncio.create_task(come(name, size)) for name, size in (("a", 6), ("b", 6), ("c", 2))]
    await asyncio.sleep(0)
    assert came == ["a"], "c would fit, and b was there first"
    room.give(6)
    await asyncio.gather(*tasks)
    assert came == ["a", "b", "c"]


async def test_who_gives_up_stands_in_nobodys_way():
    room = Room(10)
    await room.take(6)
    first, second = asyncio.create_task(room.take(10)), asyncio.create_task(room.take(4))
    await asyncio.sleep(0)
    first.cancel()
    await second


@given(st.lists(st.tuples(st.integers(1, 10), st.booleans(), st.integers(0, 5)), max_size=20))
def test_all_of_it_is_there_again_in_the_end(visits: Sequence[tuple[int, bool, int]]):
    async def visit(room: Room, size: int, steps: int) -> None:
        await room.take(size)
        try:
            for _ in range(steps):
                await asyncio.sleep(0)
        finally:
            room.give(size)

    async def all_of_them() -> None:
        room = Room(10)
        tasks = []
        for size, gives_up, steps in visits:
            tasks.append(asyncio.create_task(visit(room, size, steps)))
            await asyncio.sleep(0)
            if gives_up:
                tasks[0].cancel()
        for task in tasks[::3]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (room._left, len(room._line)) == (10, 0)

    asyncio.run(all_of_them())


async def test_large_requests_wait_for_room_and_small_ones_pass(house: House, monkeypatch: pytest.MonkeyPatch):
    house.web._guard._bodies.known = Room(300_000)
    url, engine = "/api/v1/alerts", bearer("engine")
    ends = asyncio.Event()

    async def slowly() -> None:
        async def pieces():
            yield b"[" + b" " * 200_000
            await ends.wait()
            yield b"]"

        headers = engine | {"Content-Length": "200002"}
        async with house.client.post(url, data=pieces(), headers=headers) as answer:
            assert answer.status == 202

    async def at_once(size: int) -> int:
        async with house.client.post(url, data=b"[" + b" " * size + b"]", headers=engine) as answer:
            return answer.status

    slow = asyncio.create_task(slowly())
    async with asyncio.timeout(DEADLINE_S):
        while house.web._guard._bodies.known._left == 300_000:  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.01)
    assert await at_once(100) == 202
    large = asyncio.create_task(at_once(200_000))
    assert not (await asyncio.wait([large], timeout=0.2))[0], "there is no room for it yet"
    ends.set()
    assert await large == 202
    await slow
    monkeypatch.setattr(body, "DEADLINE_S", 0.1)
    await house.web._guard._bodies.known.take(300_000)
    assert await at_once(200_000) == 429
