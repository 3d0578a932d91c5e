"""More connections than there are places for, all of them slow."""

from collections.abc import Iterator

import pytest
from tests.attack.conftest import Endure
from tests.attack.siege import Siege, again, at_once
from tests.attack.test_frames import HANDSHAKE

SLOW = [
    b"",
    b"POST /api/v1/alerts HTTP/1.1\r\nHost: loc",
    b"POST /socket.io/?EIO=4&transport=polling&sid=gone HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    HANDSHAKE,
]
POLL = b"GET /socket.io/?EIO=4&transport=polling%b HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    with Siege(tmp_path_factory.mktemp("narrow"), "prlimit", "--nofile=64") as begun:
        yield begun


async def test_three_hundred_slow_connections_with_64_file_descriptors(narrow: Siege, endure: Endure):
    kinds = iter([*SLOW, None] * 50)

    async def attacker() -> None:
        begins = next(kinds)

        async def attack() -> None:
            async with narrow.connection() as (reader, writer):
                writer.write(POLL % b"" if begins is None else begins)
                if begins is None:
                    opening = await reader.readuntil(b"}")
                    sid = opening.partition(b'"sid":"')[2].partition(b'"')[0]
                    writer.write(POLL % (b"&sid=" + sid))
                await reader.read()

        await again(attack)

    await endure(narrow, at_once(300, attacker))
