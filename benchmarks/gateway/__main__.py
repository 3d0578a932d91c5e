"""`python -m benchmarks.gateway [NAME …]`: live sockets against their peers, one table, a few minutes.

For each server 1,000 sockets that are subscribed to everything; the highest rate that it sustains for some seconds
with p99 < 250 ms and every alert on every socket exactly once; latencies at fixed rates; what a socket costs.
"""

import argparse
import asyncio
import itertools
import time
from dataclasses import dataclass, field

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.figures import spread
from benchmarks.gateway.feed import feed
from benchmarks.gateway.fleet import Fleet
from benchmarks.gateway.servers import Contender, Server, contenders
from benchmarks.program import TOKEN

P99_S = 0.25
SECONDS = 4.0
DRAIN_S = 6.0
FIXED = (50, 100, 400, 800)
serial = itertools.count()  # no SKU comes twice in one run of the program
AUTH = {"token": TOKEN, "subscribe": {}}


@dataclass
class Result:
    name: str
    sockets: int
    connects_per_s: float = 0.0
    memory_kb: float = 0.0
    sustained: int = 0
    latencies: dict[int, str] = field(default_factory=dict)
    cpu_per_million: float = 0.0


@dataclass
class Run:
    """One rate for some seconds. `complete`: every alert came to every socket, however late."""

    rate: int
    complete: bool = False
    kept_up: bool = False
    latency: str = "the POSTs do not keep up"
    cpu_per_million: float = 0.0
    client_busy: float = 0.0

    def __str__(self) -> str:
        judged = "sustained" if self.kept_up else "not sustained"
        cpu = f"{self.cpu_per_million:.1f} CPU s per million frames, client {self.client_busy:.0%} busy"
        return f"{self.rate}/s: {self.latency}, {cpu}, {judged}"


async def measure(contender: Contender, sockets: int, fixed: tuple[int, ...]) -> Result:
    result = Result(contender.name, sockets)
    async with contender.start() as server:
        fleet = Fleet()
        before = server.rss
        took = await fleet.connect("127.0.0.1", server.port, sockets, AUTH)
        await asyncio.sleep(1)
        result.connects_per_s = sockets / took
        result.memory_kb = (server.rss - before) / sockets / 1024
        await climb(result, server, fleet, sorted({*fixed, *contender.rates}))
        fleet.close()
    return result


async def climb(result: Result, server: Server, fleet: Fleet, rates: list[int]) -> None:
    """Ever faster, until a rate fails twice: a machine that does something else for a moment is no limit."""
    for rate in rates:
        run = await at_rate(server, fleet, rate)
        if run.complete and not run.kept_up:
            run = await at_rate(server, fleet, rate)
        print(f"  {result.name}, {result.sockets} sockets, {run}", flush=True)
        result.latencies[rate] = run.latency if run.kept_up else f"not sustained ({run.latency})"
        if not run.kept_up:
            return
        result.sustained, result.cpu_per_million = rate, run.cpu_per_million


async def at_rate(server: Server, fleet: Fleet, rate: int) -> Run:
    skus = [f"B{next(serial):07d}" for _ in range(int(rate * SECONDS))]
    fleet.begin()
    cpu, own, began = server.cpu_s, time.process_time(), time.perf_counter()
    url = f"http://127.0.0.1:{server.port}{server.path}"
    try:
        async with asyncio.timeout(SECONDS * 2):
            await feed(url, server.headers, skus, rate, fleet.sent)
    except TimeoutError:
        return Run(rate)
    busy = (time.process_time() - own) / (time.perf_counter() - began)
    complete = await fleet.settled(len(skus), DRAIN_S)
    ages = sorted(fleet.ages)
    p99 = ages[int(len(ages) * 0.99)] if ages else float("inf")
    return Run(
        rate,
        complete,
        kept_up=complete and fleet.exact(skus) and p99 < P99_S,
        latency=spread(ages) if complete else "lost or late",
        cpu_per_million=(server.cpu_s - cpu) / len(skus) / len(fleet.clients) * 1e6,
        client_busy=busy,
    )


def show(results: list[Result]) -> None:
    table = Table(title="Live sockets, all subscribed to everything")
    for column in ("server", "sockets", "sustained/s", "CPU s per million frames", "KB a socket", "connects/s"):
        table.add_column(column)
    for rate in FIXED:
        table.add_column(f"at {rate}/s")
    for each in results:
        latencies = [each.latencies.get(rate, "-") for rate in FIXED]
        costs = (f"{each.cpu_per_million:.1f}", f"{each.memory_kb:.1f}", f"{each.connects_per_s:.0f}")
        table.add_row(each.name, str(each.sockets), str(each.sustained), *costs, *latencies)
    Console(width=200).print(table)


async def main(names: list[str], sockets: int, *, many: bool) -> None:
    known = contenders()
    results = [await measure(known[name], sockets, FIXED) for name in names]
    if many:
        crowd = Contender(known[names[0]].name, known[names[0]].start, (50,))
        results.append(await measure(crowd, 10_000, ()))
    show(results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=["tocsin", "node", "python-socketio"], help=", ".join(contenders()))
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--many", action="store_true", help="also 10,000 sockets at 50 alerts/s, with the first server")
    asked = parser.parse_args()
    uvloop.run(main(asked.names, asked.sockets, many=asked.many))
