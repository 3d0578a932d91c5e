"""One ledger, one sandbox, and a service that is killed again and again on the way."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import psutil

from benchmarks.crash import books
from benchmarks.crash.audit import WITH_MAIL, WITH_PEOPLE, arrivals, by_sendgrid, faults, shown
from benchmarks.crash.books import Books
from benchmarks.crash.load import Load
from benchmarks.crash.settings import dawdle, every_channel, subscribe
from benchmarks.program import TOKEN, free_port
from tocsin.core.clock import SystemClock
from tocsin.core.killpoint import STATUS, Point
from tocsin.core.link import Codes
from tocsin.ledger.opening import open_ledger
from tocsin.sandbox import Sandbox

DETECTIONS = 40  # between two kills
CARRIERS = ("sendgrid", "smtp")  # of mail
DEADLINE_S = 120  # for all that surely comes, on however busy a machine


@dataclass
class Result:
    """What a tour came to. `kills` by point; `random` are those at no point in particular."""

    name: str
    kills: Counter[str] = field(default_factory=Counter)
    alerts: int = 0
    deliveries: int = 0
    in_flight: int = 0
    texts: int = 0
    pushes: int = 0
    mails: int = 0
    by_sendgrid: int = 0  # of these
    joined: int = 0
    repeated: int = 0
    possibly_repeated: int = 0
    possibly_sent: int = 0
    forgotten: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Call:
    """A system call of the service, at the n-th of which the kernel kills it (strace)."""

    name: str
    times: int

    @property
    def through(self) -> Sequence[str]:
        wish = f"inject={self.name}:signal=SIGKILL:when={self.times}"
        return ("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={self.name}", "-e", wish)


class Tour:
    """`asked`: Discord can be asked after lost messages, by a bot."""

    def __init__(self, name: str, folder: Path, sandbox: Sandbox, seed: int, *, asked: bool) -> None:
        self.result = Result(name)
        self._folder = folder
        self._ledger = folder / "tocsin.db"
        self._sandbox = sandbox
        self._asked = asked
        self._chance = Random(seed)
        self._port = free_port()
        self._url = f"http://127.0.0.1:{self._port}"
        self._load = Load((self._url,), TOKEN, self._chance)
        self._doubtful: frozenset[int] = frozenset()
        self._link_secret = b""

    async def run(self, kills: Sequence[Point | Call | None]) -> Result:
        """Die once while the schema is made, at each of `kills` under load, and once while old rows are deleted."""
        dawdle(self._sandbox)
        self._write(retention="180d")
        await self._die(Point.MIGRATION_STEP)
        await self._lay_watch()
        carriers = cycle(CARRIERS)
        async with asyncio.TaskGroup() as monitors:
            for point in kills:
                monitors.create_task(self._load.report(DETECTIONS))
                self._write(retention="180d", carrier=next(carriers))
                await self._die(point, at=self._chance.randint(1, 4))  # 4 monitors share commits
            monitors.create_task(self._drain())
        self._audit(books.read(self._ledger))
        if not self._asked:
            await self._forget()
        return self.result

    async def _die(self, cause: Point | Call | None, at: int = 1) -> None:
        """Start, and end at the n-th passing of that point or call, or else at some moment of the first half second."""
        through = cause.through if isinstance(cause, Call) else ()
        process = await self._start(f"{cause}:{at}" if isinstance(cause, Point) else "", through)
        try:
            if cause is None:
                await self._ready(process)
                await asyncio.sleep(self._chance.uniform(0.02, 0.5))
                _kill(process.pid)
            reached = await _ends(process, self._at_rest if isinstance(cause, Call) else lambda: False)
        finally:
            if process.returncode is None:
                _kill(process.pid)
            await process.wait()
        name = cause.name if isinstance(cause, Call) else cause
        self.result.kills[name if name and reached else "random"] += process.returncode in (STATUS, -signal.SIGKILL)
        self._note_doubts()

    def _at_rest(self) -> bool:
        """All is answered and settled: nothing more happens, and a system call has happened too seldom."""
        return self._load.answered and not books.unsettled(self._ledger)

    def _note_doubts(self) -> None:
        if self._ledger.exists() and self.result.kills.total() > 1:
            doubtful = books.in_flight(self._ledger)
            self.result.in_flight += len(doubtful)
            self._doubtful |= doubtful

    async def _lay_watch(self) -> None:
        """What the kill left of the schema is made whole, as every start does it."""
        async with open_ledger(f"sqlite:///{self._ledger}", clock=SystemClock()) as ledger:
            self._link_secret = ledger.link_secret
            await subscribe(ledger, self._sandbox)
        books.watch(self._ledger)

    async def _drain(self) -> None:
        """Let all that is under way end; the few that come then find a message of their product to join, and are mailed
        by each carrier in turn.
        """
        for carrier in CARRIERS:
            self._write(retention="180d", carrier=carrier)
            async with self._serving():
                await _until(self._at_rest)
                await self._load.report(DETECTIONS // len(CARRIERS), clients=1)
                await _until(self._at_rest)

    def _audit(self, found: Books) -> None:
        codes = Codes(lambda: self._link_secret)
        arrived = arrivals(self._sandbox.journal, codes)
        result = self.result
        result.by_sendgrid = len(by_sendgrid(self._sandbox.journal, codes))
        result.alerts, result.deliveries = len(found.alerts), len(found.deliveries)
        result.repeated = len(self._sandbox.journal.repeated())
        result.possibly_repeated = sum(row.possibly_repeated for row in found.deliveries.values())
        result.possibly_sent = sum(row.state == "possibly_sent" for row in found.deliveries.values())
        result.texts, result.pushes, result.mails = (len(arrived[channel]) for channel in ("sms", "push", "email"))
        standing = shown(self._sandbox.discord.messages("general"))
        result.joined = sum(len(entry.references) for entry in self._sandbox.journal.accepted("discord", "edit"))
        result.faults += faults(
            self._load.answers,
            self._load.sent,
            found,
            arrived,
            standing=standing,
            doubtful=self._doubtful,
            with_people=WITH_PEOPLE if self._asked else WITH_MAIL,
        )
        if self._asked and result.repeated + result.possibly_repeated + result.possibly_sent:
            result.faults.append("guessed: where everybody can be asked, nothing is repeated and nothing flagged")

    async def _forget(self) -> None:
        """What retention deletes is gone whole or there whole."""
        books.grow_old(self._ledger)
        before = books.read(self._ledger)
        self._write(retention=1)
        await self._die(Point.RETENTION_DELETED)
        if books.read(self._ledger) != before:
            self.result.faults.append("half forgotten: retention was killed before its commit, and rows are gone")
        async with self._serving():
            await _until(lambda: not books.kept(self._ledger))
        left = books.read(self._ledger)
        self.result.forgotten = len(before.alerts) - len(left.alerts)
        if left.alerts or left.deliveries or not left.sound:
            self.result.faults.append(f"half forgotten: {len(left.deliveries)} deliveries without their alerts")

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[None]:
        """The service, until it is stopped in good order."""
        process = await self._start("")
        try:
            await self._ready(process)
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    async def _start(self, kill_at: str, through: Sequence[str] = ()) -> asyncio.subprocess.Process:
        with (self._folder / "log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *through, sys.executable, "-m", "tocsin", "serve", "--config", str(self._folder / "tocsin.json"),
                stdout=log, stderr=log, env={**os.environ, "TOCSIN_KILL_AT": kill_at},
            )  # fmt: skip

    async def _ready(self, process: asyncio.subprocess.Process) -> None:
        async with asyncio.timeout(DEADLINE_S), aiohttp.ClientSession() as session:
            while process.returncode is None:
                try:
                    async with session.get(self._url + "/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.02)
        raise RuntimeError((self._folder / "log").read_text()[-2000:])

    def _write(self, retention: str | int, carrier: str = "smtp") -> None:
        (self._folder / "tocsin.json").write_text(json.dumps(self._settings(retention, carrier)))

    def _settings(self, retention: str | int, carrier: str) -> Mapping[str, Any]:
        """Mails are sent where guesses are flagged: who carries them cannot be asked. What one carrier has lost in a
        crash the other takes up.
        """
        return {
            "server": {"port": self._port, "public_url": self._url},
            "storage": {"retention": retention},
            "tokens": {"crash": {"secret": TOKEN, "scopes": ["admin"]}},
            **every_channel(self._sandbox, self._folder, asked=self._asked, mails=not self._asked, carrier=carrier),
        }


async def _ends(process: asyncio.subprocess.Process, in_vain: Callable[[], bool]) -> bool:
    """Whether it came to its end by itself, before it was waited for in vain."""
    with contextlib.suppress(TimeoutError):
        await _until(lambda: process.returncode is not None or in_vain())
    return process.returncode is not None


def _kill(pid: int) -> None:
    """The service, and the tracer that may stand before it."""
    for process in [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


async def _until(question: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not question():  # noqa: ASYNC110 - another process has no event for us
            await asyncio.sleep(0.05)
