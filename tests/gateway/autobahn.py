"""An echo on the WebSocket adapter below Engine.IO, for the Autobahn cases.

`python -m tests.gateway.autobahn 9001`, and beside it `kosoku 127.0.0.1:9001` (PyPI). Cases of per-message deflate
are unimplemented on purpose.
"""

import asyncio
import sys
from typing import Any

import uvicorn
from tests.gateway.conformance import nothing_else
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from tocsin.access.entrance import Entrance
from tocsin.core.clock import SystemClock
from tocsin.gateway.engine import Engine, Visitor
from tocsin.gateway.engineio import WEBSOCKET, Wish
from tocsin.gateway.settings import GatewaySettings
from tocsin.gateway.websocket import WebSocket

LARGEST = 16 * 1024 * 1024  # of the cases' messages


def no_session(_session: Any) -> Any:
    raise AssertionError("there is no Engine.IO here")


class Echo(WebSocket):
    """Takes every path, and sends back what it hears."""

    settings = GatewaySettings(max_payload=LARGEST, max_buffer=4 * LARGEST, frame_rate=1_000_000)
    engine = Engine(settings, Entrance(), SystemClock(), no_session)

    def _wish(self, request: Request, visitor: Visitor) -> Wish:
        del request, visitor
        return Wish(WEBSOCKET, None)

    def _begin(self, session: Any, visitor: Visitor) -> None:
        """No session begins."""

    def _hear(self, data: bytes) -> None:
        try:
            if self._text:
                data.decode()
        except UnicodeDecodeError:
            self._fail(1007, "not UTF-8")
        else:
            self.write(Frame(Opcode.TEXT if self._text else Opcode.BINARY, data).serialize(mask=False))


async def main(port: int) -> None:
    await Echo.engine.start()
    config = uvicorn.Config(nothing_else, port=port, ws=Echo, lifespan="off", log_level="warning")
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
