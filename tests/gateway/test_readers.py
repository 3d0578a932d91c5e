"""Readers that are slow, dead or hostile: the server stays as it is, and nothing raises into its loop."""

import asyncio
import contextlib
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.deadline import DEADLINE_S
from tests.gateway.station import NOW, Log, Station, listening, running, until
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from tocsin.core.clock import ManualClock
from tocsin.gateway.settings import GatewaySettings

HANDSHAKE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@asynccontextmanager
async def raw_socket(
    station: Station, receive_buffer: int = 0
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A WebSocket by hand, upgraded, its open packet still unread."""
    sock = sockets.socket()
    if receive_buffer:
        sock.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)  # noqa: FBT003 - the signature is Python's own
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", station.port))
    reader, writer = await asyncio.open_connection(sock=sock)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader, writer
    finally:
        writer.close()


def text(data: str) -> bytes:
    return Frame(Opcode.TEXT, data.encode()).serialize(mask=True)


async def test_readers_that_never_read_are_closed_and_hold_up_nobody():
    settings = GatewaySettings(max_buffer=100_000)
    async with (
        running(Station(Log(), settings=settings)) as station,
        listening(station, subscribe={}) as phone,
        raw_socket(station, receive_buffer=4096) as (_, writer),
    ):
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
    goodbye = Frame(Opcode.CLOSE, b"\x03\xf5slow_reader").serialize(mask=False)
    async with (
        running(Station(Log(), settings=settings)) as station,
        raw_socket(station, receive_buffer=4096) as (reader, writer),
    ):
        writer.write(text('40{"token":"both","subscribe":{}}'))
        await until(lambda: station.gateway.gauges.interests == 1)
        while not station.gateway.gauges.evictions["slow_reader"]:
            station.publish(50, product_name="x" * 1000)
            await asyncio.sleep(0)
        read = b""
        async with asyncio.timeout(DEADLINE_S):
            while goodbye not in read:
                more = await reader.read(65536)
                assert more, "the connection ended without a word"
                read += more


async def test_a_slow_poller_is_closed_too():
    settings = GatewaySettings(max_buffer=20_000)
    async with running(Station(Log(), settings=settings)) as station, aiohttp.ClientSession() as session:
        url = f"{station.url}/socket.io/?EIO=4&transport=polling"
        async with session.get(url) as opening:
            sid = (await opening.text())[9:29]
        async with session.post(f"{url}&sid={sid}", data='40{"token":"both","subscribe":{}}') as accepted:
            assert await accepted.text() == "ok"
        station.publish(100, product_name="x" * 1000)
        async with session.get(f"{url}&sid={sid}") as answer:
            assert answer.status == 400
        assert station.gateway.gauges.evictions["slow_reader"] == 1


async def test_a_ghost_is_found_by_the_ping_that_it_does_not_answer():
    clock = ManualClock(NOW)
    async with running(Station(Log(), clock=clock)) as station, raw_socket(station) as (reader, writer):
        writer.write(text('40{"token":"both","subscribe":{}}'))
        await until(lambda: station.gateway.gauges.interests == 1)
        clock.advance(25)
        async with asyncio.timeout(DEADLINE_S):
            await reader.readuntil(b"\x81\x012")
        clock.advance(21)
        await until(lambda: station.gateway.gauges.interests == 0)
        assert station.gateway.gauges.evictions["ping_timeout"] == 1


async def test_who_never_connects_to_a_namespace_is_put_out():
    clock = ManualClock(NOW)
    async with running(Station(Log(), clock=clock)) as station, raw_socket(station) as (reader, _):
        await until(lambda: station.gateway.gauges.websocket == 1)
        clock.advance(11)
        async with asyncio.timeout(DEADLINE_S):
            await reader.readuntil(b"connect timeout")
        assert station.gateway.gauges.websocket == 0


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

CONFIG = SimpleNamespace(encoded_headers=[])  # all that is read of the server's


class Wire(asyncio.Transport):
    """A connection that keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self._closing = False

    def write(self, data: bytes) -> None:
        assert not self._closing, "written to after it was closed"
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    abort = close

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        """Half of the connection ends; the other half is the test's."""

    def resume_reading(self) -> None:
        """The test reads nothing."""


@settings(max_examples=200, deadline=None)
@given(frames=FRAMES, cut=st.integers(1, 50))
async def test_no_frame_raises_into_the_loop(frames: list[bytes], cut: int):
    station = Station(Log())
    socket = station.gateway.ws_protocol(CONFIG, ServerState(), {})
    wire = Wire()
    socket.connection_made(wire)
    socket.data_received(HANDSHAKE)
    stream = b"".join(frames)
    for start in range(0, len(stream), cut):
        socket.data_received(stream[start : start + cut])
    socket.connection_lost(None)
    assert station.gateway.gauges.websocket == 0
    assert wire.written.startswith(b"HTTP/1.1 101")


@settings(max_examples=200, deadline=None)
@given(
    head=st.binary(max_size=200)
    | st.text(st.characters(codec="latin-1"), max_size=60).map(lambda t: HANDSHAKE[:20] + t.encode())
)
async def test_no_handshake_raises_into_the_loop(head: bytes):
    station = Station(Log())
    socket = station.gateway.ws_protocol(CONFIG, ServerState(), {})
    socket.connection_made(Wire())
    socket.data_received(head + b"\r\n\r\n")
    socket.connection_lost(None)
    assert station.gateway.gauges.websocket == 0


async def test_pings_whose_pongs_nobody_reads_fill_no_buffer():
    async with (
        running(Station(Log(), settings=GatewaySettings(max_buffer=10_000))) as station,
        raw_socket(station, receive_buffer=4096) as (_, writer),
    ):
        await until(lambda: station.gateway.gauges.websocket == 1)
        ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True)
        while station.gateway.gauges.websocket:
            writer.write(ping * 1000)
            await asyncio.sleep(0)


FLOODS = {
    "empty texts": text(""),
    "pings": Frame(Opcode.PING, b"").serialize(mask=True),
    "pongs": Frame(Opcode.PONG, b"").serialize(mask=True),
    "empty fragments": Frame(Opcode.CONT, b"", fin=False).serialize(mask=True),
    "fragments": Frame(Opcode.CONT, b"x", fin=False).serialize(mask=True),
}


@pytest.mark.parametrize("kind", FLOODS)
@pytest.mark.parametrize("token", [None, "both"])
async def test_a_flood_of_frames_is_stemmed_and_told_why(station: Station, kind: str, token: str | None):
    reason = b"parse error" if token and kind == "empty texts" else b"too_many_frames"  # the first is no packet at all
    gauges = station.gateway.gauges
    async with raw_socket(station) as (reader, writer):
        if token:
            writer.write(text(f'40{{"token":"{token}"}}'))
        await until(lambda: gauges.websocket == 1)
        if "fragments" in kind:
            writer.write(Frame(Opcode.TEXT, b"x", fin=False).serialize(mask=True))
        read = b""
        async with asyncio.timeout(DEADLINE_S):
            while reason not in read:
                if gauges.websocket:  # who writes once it has ended loses what was said at the end
                    writer.write(FLOODS[kind] * 500)
                with contextlib.suppress(TimeoutError):
                    read += await asyncio.wait_for(reader.read(65536), 0.01)
        assert await reader.read() == b"", "and then it ends"
    assert gauges.evictions["too_many_frames"] == (reason == b"too_many_frames")


async def test_a_socket_may_speak_in_fragments(station: Station):
    async with raw_socket(station) as (reader, writer):
        whole = '40{"token":"both"}'
        writer.write(Frame(Opcode.TEXT, whole[0].encode(), fin=False).serialize(mask=True))
        for letter in whole[1:-1]:
            writer.write(Frame(Opcode.CONT, letter.encode(), fin=False).serialize(mask=True))
        writer.write(Frame(Opcode.CONT, whole[-1].encode()).serialize(mask=True))
        await reader.readuntil(b'40{"sid":')


async def test_nothing_is_kept_for_somebody_who_has_shown_no_token(station: Station):
    async with raw_socket(station) as (reader, writer):
        writer.write(text('451-["send_alert",{"_placeholder":true,"num":0}]'))
        async with asyncio.timeout(DEADLINE_S):
            await reader.readuntil(b"parse error")


async def test_a_flood_of_packets_over_polling_is_stemmed(station: Station):
    async with aiohttp.ClientSession() as session:
        url = f"{station.url}/socket.io/?EIO=4&transport=polling"
        async with session.get(url) as opening:
            sid = (await opening.text())[9:29]
        async with session.post(f"{url}&sid={sid}", data="\x1e".join(["3"] * 251)) as refused:
            assert refused.status == 400
    assert station.gateway.gauges.evictions == {"too_many_frames": 1}


async def test_an_upgrade_that_is_not_completed_is_given_up():
    clock = ManualClock(NOW)
    async with running(Station(Log(), clock=clock)) as station, aiohttp.ClientSession() as session:
        url = f"{station.url}/socket.io/?EIO=4&transport="
        async with session.get(url + "polling") as opening:
            sid = (await opening.text())[9:29]
        async with session.post(f"{url}polling&sid={sid}", data='40{"token":"both","subscribe":{}}') as accepted:
            assert await accepted.text() == "ok"
        async with session.ws_connect(f"{url}websocket&sid={sid}") as ws:
            await ws.send_str("2probe")
            assert await ws.receive_str() == "3probe"
            clock.advance(11)
            assert (await ws.receive(DEADLINE_S)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        station.publish()
        async with session.get(f"{url}polling&sid={sid}") as answer:
            assert '42["alert",' in await answer.text()


@pytest.mark.parametrize("sid", ["unknown", "a" * 10_000, "%00", "../../etc"])
async def test_an_old_session_is_not_taken_up(station: Station, sid: str):
    reader, writer = await asyncio.open_connection("127.0.0.1", station.port)
    writer.write(f"GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()


async def test_another_path_is_not_the_gateways(station: Station):
    reader, writer = await asyncio.open_connection("127.0.0.1", station.port)
    writer.write(b"GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"not the gateway's" in await reader.read()
    writer.close()
