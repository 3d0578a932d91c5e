"""Readers that are slow, dead or hostile: the server stays as it is, and nothing raises into its loop."""

import asyncio
import base64
import os
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from tests.gateway.station import DEADLINE, NOW, Log, Station, listening, running
from tocsin.core.clock import ManualClock
from tocsin.gateway.settings import GatewaySettings


@asynccontextmanager
async def raw_socket(
    station: Station, query: str = "EIO=4&transport=websocket", *, receive_buffer: int = 0
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A WebSocket by hand, upgraded, its open packet still unread."""
    sock = sockets.socket()
    if receive_buffer:
        sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", station.port))
    reader, writer = await asyncio.open_connection(sock=sock)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /socket.io/?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader, writer
    finally:
        writer.close()


def text(data: str) -> bytes:
    return Frame(Opcode.TEXT, data.encode()).serialize(mask=True)


async def until(true: object) -> None:
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(0.01)


async def test_readers_that_never_read_are_closed_and_hold_up_nobody():
    settings = GatewaySettings(max_buffer=100_000)
    async with running(Station(Log(), settings=settings)) as station, asyncio.timeout(DEADLINE):
        async with listening(station, subscribe={}) as phone, raw_socket(station, receive_buffer=4096) as (_, writer):
            writer.write(text('40{"token":"both","subscribe":{}}'))
            gauges = station.gateway.gauges
            await until(lambda: gauges.websocket == 2)
            sent = 0
            while not gauges.evictions["slow_reader"]:
                station.publish(20, product_name="x" * 1000)
                sent += 20
                await phone.wait_for("alert", sent)
            await until(lambda: gauges.websocket == 1)
            assert gauges.high_water < 200_000
            assert phone.positions == list(range(1, sent + 1))


async def test_a_slow_reader_is_shown_the_reason_once_it_reads():
    settings = GatewaySettings(max_buffer=50_000)
    async with running(Station(Log(), settings=settings)) as station:
        async with raw_socket(station, receive_buffer=4096) as (reader, writer):
            writer.write(text('40{"token":"both","subscribe":{}}'))
            await until(lambda: station.gateway.gauges.interests == 1)
            while not station.gateway.gauges.evictions["slow_reader"]:
                station.publish(50, product_name="x" * 1000)
                await asyncio.sleep(0)
            async with asyncio.timeout(DEADLINE):
                assert (await reader.read(-1)).endswith(
                    Frame(Opcode.CLOSE, b"\x03\xf5slow_reader").serialize(mask=False)
                )


async def test_a_slow_poller_is_closed_too():
    settings = GatewaySettings(max_buffer=20_000)
    async with running(Station(Log(), settings=settings)) as station:
        async with listening(station, transports=("polling",), subscribe={}) as phone:
            station.publish(100, product_name="x" * 1000)
            async with asyncio.timeout(DEADLINE):
                await phone.disconnected.wait()
    assert station.gateway.gauges.evictions["slow_reader"] == 1


async def test_a_ghost_is_found_by_the_ping_that_it_does_not_answer():
    clock = ManualClock(NOW)
    async with running(Station(Log(), clock=clock)) as station, raw_socket(station) as (reader, writer):
        writer.write(text('40{"token":"both","subscribe":{}}'))
        await until(lambda: station.gateway.gauges.interests == 1)
        for seconds in (25, 21):
            clock.advance(seconds)
            await until(lambda: len(clock._sleepers) >= 1)
            await asyncio.sleep(0.05)
        await until(lambda: station.gateway.gauges.interests == 0)
        assert station.gateway.gauges.evictions["ping_timeout"] == 1
        assert b"\x81\x012" in await reader.read(4096)


async def test_who_never_connects_to_a_namespace_is_put_out():
    clock = ManualClock(NOW)
    async with running(Station(Log(), clock=clock)) as station, raw_socket(station) as (reader, _):
        await until(lambda: station.gateway.gauges.websocket == 1)
        clock.advance(11)
        async with asyncio.timeout(DEADLINE):
            assert b"connect timeout" in await reader.read(-1) or station.gateway.gauges.websocket == 0


FRAMES = st.lists(
    st.builds(
        lambda opcode, data, fin: Frame(opcode, data, fin).serialize(mask=True),
        st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.CONT]),
        st.binary(max_size=40) | st.sampled_from([b"40", b'40{"token":"both"}', b'42["subscribe"]', b"1", b"3", b"5"]),
        st.booleans(),
    )
    | st.binary(max_size=40),
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=FRAMES)
def test_no_frame_raises_into_the_loop(frames: list[bytes]):
    async def play() -> None:
        raised: list[dict] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context))
        async with running(Station(Log())) as station, raw_socket(station) as (_, writer):
            for frame in frames:
                writer.write(frame)
            writer.write(Frame(Opcode.CLOSE, b"").serialize(mask=True))
            await until(lambda: station.gateway.gauges.websocket == 0)
        assert raised == []

    asyncio.run(play())


@pytest.mark.parametrize("sid", ["unknown", "a" * 10_000, "%00", "../../etc"])
async def test_an_old_session_is_not_taken_up(station: Station, sid: str):
    reader, writer = await asyncio.open_connection("127.0.0.1", station.port)
    writer.write(f"GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()


async def test_another_path_is_not_the_gateways(station: Station):
    reader, writer = await asyncio.open_connection("127.0.0.1", station.port)
    writer.write(b"GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (await reader.read()).endswith(b"not the gateway's")
    writer.close()
