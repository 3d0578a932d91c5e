"""A way in a process of its own: killed, its connections are cut; stopped, nothing comes through and nobody is told.

python -m benchmarks.crash_nodes.link PORT PLACE [PLACE …]
"""

import asyncio
import contextlib
import random
import sys

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def link(port: int, places: list[str]) -> None:
    """Pour bytes between whoever connects to this port, and one of the places that can be reached: each is a port or
    the path of a socket.
    """

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for place in random.sample(places, len(places)):
            with contextlib.suppress(OSError):
                there, back = await _reach(place)
                await asyncio.gather(_pour(reader, back), _pour(there, writer))
                return
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


async def _reach(place: str) -> Ends:
    if place.isdecimal():
        return await asyncio.open_connection("127.0.0.1", int(place))
    return await asyncio.open_unix_connection(place)


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
    sink.close()


if __name__ == "__main__":
    asyncio.run(link(int(sys.argv[1]), sys.argv[2:]))
