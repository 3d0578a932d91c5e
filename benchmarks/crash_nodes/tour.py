"""One run: nodes under load from every side, one trouble after another, and then the judgement."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import aiohttp

from benchmarks.crash.audit import arrivals, faults, shown
from benchmarks.crash.load import Load
from benchmarks.crash.settings import dawdle, every_channel, subscribe
from benchmarks.crash_nodes import books
from benchmarks.crash_nodes.cluster import Cluster
from benchmarks.crash_nodes.judge import Recovery, doubtful, guessed, recoveries, unheard
from benchmarks.crash_nodes.listener import Listener
from benchmarks.crash_nodes.troubles import OF_ONE_NODE, Happened, Trouble, happen
from benchmarks.program import TOKEN
from tocsin.core.link import Codes
from tocsin.sandbox import Sandbox

HOOKS = ("partner", "club", "forum", "shop")
TARGETS = ("discord:general", *(f"webhook:{name}" for name in sorted(HOOKS)))
WITH_PEOPLE = tuple(sorted((*TARGETS, *2 * ("email:desk",), *3 * ("push:everyone",), *2 * ("sms:crew",))))
INTERESTS: Sequence[Mapping[str, Any]] = ({}, *({"min_priority": least} for least in (3, 6, 8, 9, 10)))
TICK_S = 0.25
ANSWER_S = 0.2  # of every other request: something is in flight on most lanes; mails go one by one, and keep up
DEADLINE_S = 180  # for all that surely comes, on however busy a machine


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`every` so many seconds the next trouble begins; `rate` is in alerts a second over all nodes."""

    troubles: Sequence[Trouble]
    every: float
    nodes: int = 3
    sockets: int = 200
    rate: float = 10
    hints: bool = True
    seed: int = 0

    @property
    def lasting(self) -> float:
        """Seconds for which a trouble lasts: long enough for a lease to end, and over before the next."""
        return min(10, self.every * 0.6)


@dataclass
class Result:
    """`load` is the machine's at the end: how many processes wanted to run, over five minutes."""

    seconds: float = 0
    troubles: list[Happened] = field(default_factory=list)
    alerts: int = 0
    deliveries: int = 0
    arrived: Counter[str] = field(default_factory=Counter)
    heard: int = 0
    returns: int = 0
    unknown: int = 0
    repeated: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    recoveries: list[Recovery] = field(default_factory=list)
    load: tuple[float, float, float] = (0, 0, 0)
    faults: list[str] = field(default_factory=list)


async def tour(folder: Path, plan: Plan, tell: Callable[[str], None] = lambda _: None) -> Result:
    """Hurt the nodes as planned, let all that is under way end, and compare the logs."""
    async with Sandbox(limits=False) as sandbox, Cluster(folder, hints=plan.hints) as cluster:
        return await Tour(sandbox, cluster, plan, tell).run()


class Tour:
    def __init__(self, sandbox: Sandbox, cluster: Cluster, plan: Plan, tell: Callable[[str], None]) -> None:
        self._sandbox = sandbox
        self._cluster = cluster
        self._plan = plan
        self._tell = tell
        self._chance = Random(plan.seed)
        self._result = Result()
        self._reporting = True

    async def run(self) -> Result:
        began = time.monotonic()
        dawdle(self._sandbox, ANSWER_S)
        await self._lay_out()
        channels = every_channel(self._sandbox, self._cluster.folder, asked=True, mails=True, hooks=HOOKS)
        await self._cluster.start(self._plan.nodes, channels)
        self._load = Load(self._cluster.doors, TOKEN, self._chance)
        async with self._listening() as listeners:
            self._tell("all sockets are there")
            async with asyncio.TaskGroup() as monitors:
                monitors.create_task(self._report())
                await self._trouble()
                self._reporting = False
            self._tell("all reported")
            await self._until(self._cluster.settled, "deliveries end")
            published = await books.published(self._cluster.database)
            self._tell("all settled")
            await self._heard_out(listeners, published)
            await self._judge(listeners, published)
        self._result.seconds = time.monotonic() - began
        self._result.load = os.getloadavg()
        return self._result

    async def _lay_out(self) -> None:
        """The ledger, who is told by push, and the watch over every move."""
        async with AsyncExitStack() as stack:
            ledger = await self._cluster.ledger(stack)
            self._link_secret, self._epoch = ledger.link_secret, ledger.epoch
            await subscribe(ledger, self._sandbox)
        await books.watch(self._cluster.database)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[list[Listener]]:
        """Every socket has been at some node once; all begin at the beginning."""
        doors, begin = self._cluster.doors, f"{self._epoch}.0"
        listeners = [
            Listener(doors, TOKEN, INTERESTS[number % len(INTERESTS)], Random(number), cursor=begin)
            for number in range(self._plan.sockets)
        ]
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
            tasks = [group.create_task(listener.listen(session)) for listener in listeners]
            async with asyncio.timeout(DEADLINE_S):
                await asyncio.gather(*(listener.connected.wait() for listener in listeners))
            yield listeners
            for task in tasks:
                task.cancel()

    async def _report(self) -> None:
        """At an even pace, whatever becomes of what was reported before; returns once all is answered."""
        owed = 0.0
        async with asyncio.TaskGroup() as monitors:
            while self._reporting:
                owed += self._plan.rate * TICK_S
                count, owed = int(owed), owed % 1
                if count:
                    monitors.create_task(self._load.report(count, clients=2))
                await asyncio.sleep(TICK_S)

    async def _trouble(self) -> None:
        """One after another, on one node after another."""
        await asyncio.sleep(self._plan.every - self._plan.lasting)
        nodes = cycle(self._cluster.nodes)
        for trouble in self._plan.troubles:
            begun = time.monotonic()
            node = next(nodes)
            self._tell(f"{trouble} ({node.name if trouble in OF_ONE_NODE else 'all'})")
            self._result.troubles.append(await happen(trouble, self._cluster, node, self._plan.lasting))
            await asyncio.sleep(max(0.0, begun + self._plan.every - time.monotonic()))

    async def _heard_out(self, listeners: Sequence[Listener], published: Sequence[tuple[int, Any, int]]) -> None:
        """Wait until the sockets have heard the last, or for so long that they will not."""
        due = {least: sum(priority >= least for *_, priority in published) for least in range(1, 11)}

        async def heard() -> bool:
            return all(len(one.heard) >= due[one.interest.get("min_priority", 1)] for one in listeners)

        await self._until(heard, "sockets hear all", 60)

    async def _judge(self, listeners: Sequence[Listener], published: Sequence[Any]) -> None:
        database, result, journal = self._cluster.database, self._result, self._sandbox.journal
        found = await books.read(database)
        doubts = await books.doubts(database)
        arrived = arrivals(journal, Codes(lambda: self._link_secret))
        attempts = await database.ask("SELECT lane, node, started_at / 1e6::float8 FROM attempts ORDER BY started_at")
        rows = found.deliveries.values()
        result.alerts, result.deliveries = len(found.alerts), len(found.deliveries)
        result.arrived = Counter({channel: counts.total() for channel, counts in arrived.items()})
        result.heard, result.returns = sum(len(one.heard) for one in listeners), sum(one.returns for one in listeners)
        result.unknown = len({doubt.delivery for doubt in doubts})
        result.repeated = Counter(row.channel for row in rows if arrived[row.channel][row.key] > 1)
        result.flagged = Counter(row.channel for row in rows if row.possibly_repeated or row.state == "possibly_sent")
        result.recoveries = recoveries(result.troubles, attempts)
        standing = shown(self._sandbox.discord.messages("general"))
        result.faults += faults(
            self._load.answers,
            self._load.sent,
            found,
            arrived,
            standing=standing,
            doubtful=doubtful(doubts, result.troubles),
            targets=TARGETS,
            with_people=WITH_PEOPLE,
        )
        result.faults += self._cluster.faults
        result.faults += guessed(found, arrived)
        result.faults += unheard(listeners, published)

    async def _until(
        self, question: Callable[[], Coroutine[Any, Any, bool]], what: str, deadline: float = DEADLINE_S
    ) -> None:
        """A fault where it does not come: what is not over can still be judged."""
        try:
            async with asyncio.timeout(deadline):
                while not await question():  # noqa: ASYNC110 - other processes have no event for us
                    await asyncio.sleep(0.2)
        except TimeoutError:
            self._result.faults.append(f"never: {what}")
