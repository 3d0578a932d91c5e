"""A thousand clients return in one moment: all come in, and those who are in hardly notice."""

import asyncio
from itertools import pairwise

from tests.deadline import DEADLINE_S
from tests.gateway.station import Station, listening, until

from tocsin.core.clock import SystemClock
from tocsin.gateway.accept_pacer import AT_ONCE, AcceptPacer

CROWD = 1000


async def test_newcomers_enter_in_order_and_others_have_a_turn_after_each_few():
    accept_pacer, entered, others = AcceptPacer(SystemClock()), [], []

    def live() -> None:
        others.append(len(entered))
        if len(entered) < CROWD:
            asyncio.get_running_loop().call_soon(live)

    live()
    for number in range(CROWD):
        accept_pacer.enter(lambda number=number: entered.append(number))
    async with asyncio.timeout(DEADLINE_S):
        await accept_pacer.passed()
    assert entered == list(range(CROWD))
    assert max(later - earlier for earlier, later in pairwise(others)) <= AT_ONCE


async def test_who_comes_alone_does_not_wait():
    accept_pacer, entered = AcceptPacer(SystemClock()), []
    accept_pacer.enter(lambda: entered.append(1))
    assert entered == [1]


async def test_who_gave_up_in_the_line_takes_no_turn_from_others():
    accept_pacer = AcceptPacer(SystemClock())
    first, gone = asyncio.create_task(accept_pacer.passed()), asyncio.create_task(accept_pacer.passed())
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(DEADLINE_S):
        await first
        await accept_pacer.passed()
    assert accept_pacer.waiting == 0


async def test_everyone_of_a_storm_comes_in_and_nobody_is_refused(station: Station):
    station.publish(300)
    async with listening(station, subscribe={}) as phone:
        returning = [asyncio.create_task(come_back(station.port)) for _ in range(CROWD // 4)]
        pending: set[asyncio.Task[int]] = set(returning)
        while pending:
            station.publish()
            _, pending = await asyncio.wait(pending, timeout=0.01)
        expected = len(station.log.all) - 300
        await phone.wait_for("alert", expected)
    assert phone.positions == list(range(301, 301 + expected))
    assert all(task.result() >= 300 for task in returning)
    assert not station.gateway.gauges.refusals
    assert not station.gateway.gauges.evictions


async def come_back(port: int) -> int:
    """How many alerts it was told of on the way to the head."""
    reader, writer = await knock(port)
    try:
        await reader.readuntil(b'0{"sid"')
        body = b'40{"token":"both","subscribe":{"after":"e1.0"}}'
        writer.write(bytes((0x81, 0x80 | len(body))) + bytes(4) + body)
        return (await reader.readuntil(b'["resumed",')).count(b'["alert",')
    finally:
        writer.transport.abort()


async def test_who_leaves_while_waiting_in_the_line_is_forgotten(station: Station):
    for _ in range(3 * AT_ONCE):
        _, writer = await knock(station.port)
        writer.transport.abort()
    async with listening(station, subscribe={}) as phone:
        station.publish()
        await phone.wait_for("alert")
        await until(lambda: station.gateway.gauges.websocket == 1)


async def knock(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    writer.write(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    return reader, writer
