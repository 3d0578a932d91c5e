"""Answers that nobody fetches, and requests that wait for no answer."""

import asyncio

import pytest
from tests.attack.conftest import Endure
from tests.attack.siege import TOKEN, Siege, again, at_once, pour

LIST = f"GET /api/v1/alerts?limit=500 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
POLL = b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def full(siege: Siege) -> Siege:
    """It has so many alerts that a list of them is 4 MB."""
    alert = {"type": "in_stock", "retailer": "bestbuy", "price": 1, "metadata": {"note": "x" * 8000}}
    assert siege.post([alert | {"sku": f"long-{number}"} for number in range(500)]) == 202
    return siege


async def test_answers_of_4_mb_that_nobody_fetches(full: Siege, endure: Endure):
    async def attack() -> None:
        async with full.connection() as (_, writer):
            writer.transport.pause_reading()
            writer.write(LIST)
            await asyncio.Event().wait()

    await endure(full, at_once(60, attack), grows=150)


@pytest.mark.parametrize("token", [None, TOKEN], ids=["nobody", "with a token"])
async def test_requests_that_wait_for_no_answer(full: Siege, endure: Endure, token: str | None):
    kinds = iter([LIST, HEALTH] * 4 if token else [POLL, HEALTH] * 4)

    async def attacker() -> None:
        flood = next(kinds) * 1000

        async def attack() -> None:
            async with full.connection() as (_, writer):
                await pour(writer, flood)

        await again(attack)

    await endure(full, at_once(8, attacker), grows=250)
