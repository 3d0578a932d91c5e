"""Tiny frames on WebSockets: pings, pongs, empty texts, empty fragments."""

import pytest
from tests.attack.conftest import Endure
from tests.attack.siege import TOKEN, Siege, again, at_once, pour
from websockets.frames import Frame, Opcode

HANDSHAKE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
KINDS = [
    (b"", Frame(Opcode.PING, b"")),
    (b"", Frame(Opcode.PONG, b"")),
    (b"", Frame(Opcode.TEXT, b"")),
    (Frame(Opcode.TEXT, b"", fin=False).serialize(mask=True), Frame(Opcode.CONT, b"", fin=False)),
]


@pytest.mark.parametrize("token", [None, TOKEN], ids=["nobody", "with a token"])
async def test_frames_as_small_as_they_can_be(siege: Siege, endure: Endure, token: str | None):
    kinds = iter(KINDS * 2)
    connect = Frame(Opcode.TEXT, b'40{"token":"%b"}' % token.encode()).serialize(mask=True) if token else b""

    async def attacker() -> None:
        begins, frame = next(kinds)
        flood = frame.serialize(mask=True) * 10_000

        async def attack() -> None:
            async with siege.connection() as (reader, writer):
                writer.write(HANDSHAKE)
                await reader.readuntil(b"\r\n\r\n")
                writer.write(connect + begins)
                await pour(writer, flood)

        await again(attack)

    await endure(siege, at_once(8, attacker))
