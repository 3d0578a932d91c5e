"""`python -m benchmarks.gateway.storm`: what those who are in notice while a thousand others come back.

200 sockets listen at 100 alerts/s through the ledger, first in peace, then while 1,000 clients return in one moment,
each with a cursor from before the first run. The crowd is a process of its own.
"""

import asyncio
import json
import sys
import time

import aiohttp
import uvloop

from benchmarks.figures import spread
from benchmarks.gateway.__main__ import AUTH, SECONDS, at_rate, serial
from benchmarks.gateway.feed import feed
from benchmarks.gateway.fleet import Fleet
from benchmarks.gateway.servers import Server, whole_program
from benchmarks.program import TOKEN

LISTENERS, CROWD, RATE = 200, 1000, 100


async def main() -> None:
    async with whole_program() as server:
        fleet = Fleet()
        await fleet.connect("127.0.0.1", server.port, LISTENERS, AUTH)
        before = await cursor(server)
        print("in peace:", await at_rate(server, fleet, RATE), flush=True)
        crowd = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.gateway.storm", str(server.port), before, stdin=asyncio.subprocess.PIPE
        )
        print("in the storm:", await in_the_storm(server, fleet, crowd), flush=True)
        fleet.close()


async def in_the_storm(server: Server, fleet: Fleet, crowd: asyncio.subprocess.Process) -> str:
    skus = [f"B{next(serial):07d}" for _ in range(int(RATE * SECONDS))]
    fleet.begin()
    assert crowd.stdin is not None
    crowd.stdin.write(b"now\n")
    await feed(f"http://127.0.0.1:{server.port}{server.path}", server.headers, skus, RATE, fleet.sent)
    complete = await fleet.settled(len(skus), SECONDS)
    crowd.stdin.close()
    await crowd.wait()
    return f"{spread(fleet.ages)}, {'nothing lost' if complete and fleet.exact(skus) else 'LOST'}"


async def cursor(server: Server) -> str:
    url, headers = f"http://127.0.0.1:{server.port}/api/v1/alerts/stream", {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as stream:
        return str(json.loads(await stream.content.readline())["cursor"])


async def return_together(port: int, after: str) -> None:
    await asyncio.to_thread(sys.stdin.readline)
    began = time.perf_counter()
    fleet = Fleet()
    await fleet.connect("127.0.0.1", port, CROWD, {"token": TOKEN, "subscribe": {"after": after}}, at_once=CROWD)
    print(f"{CROWD} came back in {time.perf_counter() - began:.2f} s", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    fleet.close()


if __name__ == "__main__":
    uvloop.run(return_together(int(sys.argv[1]), sys.argv[2]) if len(sys.argv) > 1 else main())
