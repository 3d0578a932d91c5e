"""Bodies that are hostile in themselves, and bodies that nobody will read."""

import asyncio

import pytest
from tests.attack.conftest import Endure
from tests.attack.siege import TOKEN, Siege, again, at_once, pour

WITH_AND_WITHOUT = pytest.mark.parametrize("token", [None, TOKEN], ids=["nobody", "with a token"])
WRAPPINGS = {
    b"0\r\n": b"A: " + b"x" * 1000 + b"\r\n",  # trailers
    b"0\r\nA: ": b"x" * 1000,  # one trailer
    b"1;": b"x" * 1000,  # an extension
    b"": b"1\r\n \r\n",  # crumbs
}


def post(token: str | None, path: str = "/api/v1/alerts", framing: str = "Transfer-Encoding: chunked") -> bytes:
    known = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{known}{framing}\r\n\r\n".encode()


@WITH_AND_WITHOUT
async def test_bodies_that_are_mostly_wrapping(siege: Siege, endure: Endure, token: str | None):
    kinds = iter(list(WRAPPINGS.items()) * 2)

    async def attacker() -> None:
        begins, goes_on = next(kinds)

        async def attack() -> None:
            async with siege.connection() as (_, writer):
                writer.write(post(token) + begins)
                await pour(writer, goes_on * (65536 // len(goes_on)))

        await again(attack)

    await endure(siege, at_once(8, attacker))


@WITH_AND_WITHOUT
async def test_bodies_that_nobody_will_read(siege: Siege, endure: Endure, token: str | None):
    """Not allowed, or nothing there, or too large, or a session that is gone."""
    doors = ("/api/v1/alerts", "/nothing", "/api/v1/stock", "/socket.io/?EIO=4&transport=polling&sid=gone")
    paths = iter(doors * 2)

    async def attacker() -> None:
        head = post(token, next(paths), "Content-Length: 100000000000")

        async def attack() -> None:
            async with siege.connection() as (_, writer):
                writer.write(head)
                await pour(writer, b" " * 65536)

        await again(attack)

    await endure(siege, at_once(8, attacker))


async def test_large_bodies_that_do_not_come_to_their_end(siege: Siege, endure: Endure):
    """From somebody who may send them. Each is bounded in time, all of them together in memory."""

    async def attack() -> None:
        async with siege.connection() as (_, writer):
            writer.write(post(TOKEN, framing="Content-Length: 16000000"))
            for _ in range(240):
                writer.write(b" " * 65536)
                await writer.drain()
            await asyncio.Event().wait()

    await endure(siege, at_once(60, attack), grows=250)
