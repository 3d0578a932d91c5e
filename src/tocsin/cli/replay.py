"""replay: a file of detections, every line accounted for."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any

import orjson
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tocsin.cli.console import errors, run, say, tell, tell_json
from tocsin.cli.reach import ConfigFile, Json, Token, Url, client
from tocsin.cli.source import read
from tocsin.client import Client
from tocsin.core.clock import Clock, SystemClock
from tocsin.core.errors import LedgerUnavailableError, RateLimitedError, TocsinError, TooLargeError, UnreachableError

BATCH = 100  # lines a request; with --rate, at most a tenth of a second's worth
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0

_PASSING = (UnreachableError, LedgerUnavailableError, RateLimitedError)  # a restart, a full disk, too much at once


@dataclass(slots=True)
class Account:
    """What became of the lines: each is counted once. `lost` has the error that ended the replay early."""

    total: int
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    lost: TocsinError | None = None

    @property
    def good(self) -> bool:
        return self.lost is None and not any(decision == "invalid" for decision, _ in self.counts)

    def as_json(self) -> dict[str, Any]:
        results = [
            {"decision": decision, "reason": reason, "lines": count}
            for (decision, reason), count in self.counts.most_common()
        ]
        return {"lines": self.total, "results": results, "unanswered": self.total - self.counts.total()}


def replay(
    file: Annotated[str, typer.Argument(help="A file of detections, a JSON object a line; - is standard input.")],
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Alerts a second; none: as fast as they are taken.")
    ] = None,
    keep_times: Annotated[bool, typer.Option("--keep-times", help="Send the timestamps of the file.")] = False,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds to go on asking a service that is away before giving up.")
    ] = 60.0,
    config: ConfigFile = None,
    url: Url = None,
    token: Token = None,
    as_json: Json = False,
) -> None:
    """Send a file of detections. Each line has a key made of the file and its number: a second run changes nothing.

    A service that is restarted in the middle is waited for. The answer accounts for every line.

    Example: `tocsin replay feed.ndjson --rate 50`
    """
    content = read(file, "FILE")
    account = run(_replay(client(url, token, config), content, rate, patience, keep_times=keep_times))
    if as_json:
        tell_json(account.as_json())
    else:
        _tell(account)
    if account.lost:
        say(account.lost)
    if not account.good:
        raise typer.Exit(1)


def _tell(account: Account) -> None:
    for (decision, reason), count in account.counts.most_common():
        tell(f"{count:>8,}  {decision}: {reason}")
    if account.lost:
        tell(f"{account.total - account.counts.total():>8,}  without an answer: run it again, nothing is counted twice")
    tell(f"{account.total:>8,}  lines")


async def _replay(service: Client, content: bytes, rate: float | None, patience: float, *, keep_times: bool) -> Account:
    lines = list(_keyed(content, keep_times=keep_times))
    account = Account(len(lines))
    clock = SystemClock()
    size = BATCH if rate is None else max(1, min(BATCH, int(rate / 10)))
    started = clock.monotonic()
    async with service:
        sender = _Sender(service, clock, patience)
        with _progress() as progress:
            bar = progress.add_task("replay", total=len(lines))
            try:
                for begin in range(0, len(lines), size):
                    if rate is not None:
                        await clock.sleep(started + begin / rate - clock.monotonic())
                    account.counts.update(await sender.send(lines[begin : begin + size]))
                    progress.update(bar, completed=account.counts.total())
            except TocsinError as problem:
                account.lost = problem
    return account


def _keyed(content: bytes, *, keep_times: bool) -> Iterator[bytes | None]:
    """The lines with their keys, None for one that is not JSON; blank ones are no lines.

    Without their times a second run is the same request, however much later.
    """
    name = sha256(content).hexdigest()[:16]
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            alert = orjson.loads(line)
            if isinstance(alert, dict):
                if not keep_times:
                    alert.pop("timestamp", None)
                alert.setdefault("idempotency_key", f"{name}:{number}")
            yield orjson.dumps(alert)
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            yield None


class _Sender:
    """Answers for lines, in their order, however often the service has to be asked."""

    def __init__(self, service: Client, clock: Clock, patience: float) -> None:
        self._service = service
        self._clock = clock
        self._patience = patience

    async def send(self, lines: Sequence[bytes | None]) -> list[tuple[str, str]]:
        """Raises UnreachableError and its like once the patience is at an end."""
        readable = [line for line in lines if line is not None]
        unreadable = [("invalid", "this line is not JSON")] * (len(lines) - len(readable))
        return [*unreadable, *(await self._part(readable) if readable else ())]

    async def _part(self, lines: Sequence[bytes]) -> list[tuple[str, str]]:
        """What is too much at once goes in halves."""
        try:
            told = await self._insist(b"[" + b",".join(lines) + b"]")
        except TooLargeError as problem:
            if len(lines) == 1:
                return [("invalid", problem.message)]
            half = len(lines) // 2
            return [*await self._part(lines[:half]), *await self._part(lines[half:])]
        return [_outcome(result) for result in told["results"]]

    async def _insist(self, body: bytes) -> Any:
        """The keys make it safe to ask again: what was taken already gets its first answer."""
        end = self._clock.monotonic() + self._patience
        pause = FIRST_PAUSE_S
        while True:
            try:
                return await self._service.post("/api/v1/alerts", body=body)
            except _PASSING:
                if self._clock.monotonic() + pause > end:
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)


def _outcome(result: Mapping[str, Any]) -> tuple[str, str]:
    if result["decision"] != "invalid":
        return result["decision"], result["reason"]
    details = result["error"]["details"]
    return "invalid", f"{details[0]['path']}: {details[0]['message']}" if details else result["error"]["message"]


def _progress() -> Progress:
    """Only where somebody looks: a log file wants the account alone."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)
