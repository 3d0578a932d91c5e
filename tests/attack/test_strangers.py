"""Whoever knocks without a right to come in."""

from tests.attack.conftest import Endure
from tests.attack.siege import Siege, at_once

KNOCK = b"GET /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer a-guess-%d\r\n\r\n"


async def test_guesses_of_tokens_as_fast_as_they_are_answered(siege: Siege, endure: Endure):
    async def attack() -> None:
        async with siege.connection() as (reader, writer):
            for number in range(1_000_000):
                writer.write(KNOCK % number)
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)

    await endure(siege, at_once(10, attack))
